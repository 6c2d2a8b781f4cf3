import { spawnSync } from "node:child_process";
import { cofferdam, installed, median, type Scratch } from "./scratch.ts";
import { type Row, verdict } from "./table.ts";

/** Launches a setting, taken in turns so that a slow second hits all. */
const ROUNDS = 60;

/** Round 0 makes the plan and fills caches. */
const WARM_UP = 1;

/**
 * Wall time from spawn to exit of /bin/true, in microseconds. The spawn itself is in every figure.
 */
export function launchTimes(scratch: Scratch): Row[] {
  const { policy } = scratch.domain("launch", launchPolicy);
  const settings: Record<string, readonly string[]> = {
    exec: ["/usr/bin/true"],
    cofferdam: [cofferdam, "run", "--policy", policy, "--", "/usr/bin/true"],
  };
  if (installed("bwrap")) settings.bwrap = ["bwrap", "--ro-bind", "/", "/", "/usr/bin/true"];
  if (installed("firejail"))
    settings.firejail = ["firejail", "--quiet", "--noprofile", "/usr/bin/true"];
  settings.setpriv = [
    "setpriv",
    "--landlock-access",
    "fs",
    "--landlock-rule",
    "path-beneath:execute,read-file:/usr",
    "/usr/bin/true",
  ];
  const times: Record<string, number[]> = Object.fromEntries(
    Object.keys(settings).map((name) => [name, []]),
  );
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [name, [command = "", ...args]] of Object.entries(settings)) {
      const start = process.hrtime.bigint();
      const { status } = spawnSync(command, args, { stdio: "ignore" });
      const elapsed = Number(process.hrtime.bigint() - start) / 1000;
      if (round < 0) continue;
      if (status === 0) times[name]?.push(elapsed);
      else if (name === "exec" || name === "cofferdam")
        throw new Error(`${name} ended with status ${status}`);
    }
  }
  const figures = Object.fromEntries(
    Object.entries(times).map(([name, list]) => [name, list.length === 0 ? null : median(list)]),
  );
  const note =
    figures.bwrap && figures.cofferdam
      ? verdict(figures.cofferdam / figures.bwrap, "bwrap", 1)
      : "bwrap is not installed";
  return [{ what: "spawn to exit of true", unit: "us", figures, note }];
}

const launchPolicy = `domain: launch
summary: benchmark
include: [base]
files: [rx /usr/bin/true]
syscalls: ["@system-service"]
inherit: [stdio]
`;
