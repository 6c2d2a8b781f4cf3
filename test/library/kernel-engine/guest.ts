/**
 * A step of what `through.ts` has a virtual machine do: `outside NAME`, `engine NAME...` or `held
 * NAME`. Prints what was seen as JSON, and ends with 1 and the reason where it does not go as it
 * should.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { VERSION } from "../../../src/cli/version.ts";
import { daemonMachine } from "../../vm/debian/guest/daemon-machine.ts";
import { machine } from "../../vm/debian/guest/machine.ts";
import { tryBreakIns } from "../break-ins.ts";
import { readDaemon } from "../daemon.ts";
import { OnHost } from "../on-host.ts";
import { GO } from "./place.ts";

const [what, ...given] = process.argv.slice(2);
const [name = ""] = given;

function attachEngine(domains: readonly string[]): void {
  machine.installFor(VERSION, domains);
  machine.useEngine("bpf-lsm");
  const doctor = machine.run("cofferdam", "doctor").out;
  if (!/^engine +bpf-lsm/m.test(doctor)) throw new Error(doctor);
}

async function step(): Promise<object> {
  if (what === "engine") {
    attachEngine(given);
    return {};
  }
  const one = new OnHost(daemonMachine, readDaemon(name));
  one.prepare();
  const { unit } = one.daemon;
  if (what === "outside") {
    mkdirSync(dirname(GO), { recursive: true });
    writeFileSync(GO, "");
    machine.sh("systemctl daemon-reload");
    await one.outside();
    machine.sh('systemctl stop "$1"', unit);
    return {};
  }
  await one.inKernel();
  const told = one.told();
  return { version: one.version(), told, tried: tryBreakIns(daemonMachine, one.daemon) };
}

try {
  process.stdout.write(`${JSON.stringify(await step())}\n`);
} catch (error) {
  const why = error instanceof Error ? error.message : String(error);
  process.stdout.write(`${why}\n`);
  machine.announce(`${what} ${name}: ${why}`);
  process.exitCode = 1;
}
