import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { PRIVATE_FILE } from "../../src/base/modes.ts";
import { dailyLife, type LifeAsked } from "../../src/host/daily-life.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import { vocabulary } from "../policy/vocabulary.ts";
import { scratchFolder } from "../support/scratch.ts";
import { skipUnless } from "../support/skip.ts";

const folder = scratchFolder("daily-life");
const logs = join(folder, "logs");
const sleeper = spawn("/usr/bin/sleep", ["1000"], { stdio: "ignore" });
afterAll(() => void sleeper.kill());

mkdirSync(logs);
const file = join(folder, "tool.yaml");
writeFileSync(file, `files:\n  - w ${logs}/**\n`, { mode: PRIVATE_FILE });
const { policy } = loadPolicy(file, { vocabulary });
if (policy === null) throw new Error("the test's policy is broken");

const HOUR_MS = 3_600_000;
const asked: LifeAsked = {
  since: Date.now() - HOUR_MS,
  units: [],
  policy,
  daemons: [sleeper.pid ?? 0],
};

/** As logrotate and dpkg write times: local. */
function local(time: number): readonly number[] {
  const date = new Date(time);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return [...day, date.getHours(), date.getMinutes(), date.getSeconds()];
}

function look(rotated: string, installed: string) {
  const places = { rotated: join(folder, "status"), installed: [join(folder, "dpkg.log")] };
  writeFileSync(places.rotated, rotated);
  writeFileSync(places.installed[0] ?? "", installed);
  return dailyLife(asked, places);
}

test("a log counts if the domain may write it and an old one is there, since then", () => {
  const rotatedAt = (name: string, time: number) => {
    const [year, month, day, hour, minute, second] = local(time);
    return `"${name}" ${year}-${month}-${day}-${hour}:${minute}:${second}\n`;
  };
  for (const name of ["a.log.1", "old.log.1"]) writeFileSync(join(logs, name), "");
  const status = [
    "logrotate state -- version 2\n",
    rotatedAt(join(logs, "a.log"), Date.now()),
    // It was seen for the first time, and not rotated.
    rotatedAt(join(logs, "first.log"), Date.now()),
    rotatedAt(join(logs, "old.log"), asked.since - HOUR_MS),
    rotatedAt("/var/log/of-others.log", Date.now()),
    '"/broken\n"\\x" 1-2-3-4:5:6\n',
  ].join("");
  const { rotations } = look(status, "");
  expect(rotations).toMatchObject({ state: "known", count: 1 });
  expect(look("", "").rotations).toEqual({ state: "known", count: 0, last: null });
});

test("upgrades of the packages that running programs belong to", (context) => {
  skipUnless(context, existsSync("/usr/bin/dpkg-query"), "there is no dpkg, which Debian has");
  const line = (what: string, time: number) => {
    const [year, ...rest] = local(time).map((number) => String(number).padStart(2, "0"));
    const [month, day, ...clock] = rest;
    return `${year}-${month}-${day} ${clock.join(":")} ${what}\n`;
  };
  const { upgrades } = look(
    "",
    [
      line("upgrade coreutils:amd64 1 2", Date.now()),
      line("upgrade coreutils:amd64 0 1", asked.since - HOUR_MS),
      line("upgrade other:amd64 1 2", Date.now()),
      line("status installed coreutils:amd64 2", Date.now()),
    ].join(""),
  );
  expect(upgrades).toMatchObject({ state: "known", count: 1 });
});

test("a record that is too large to be read is named, and counts as none", () => {
  const status = `logrotate state -- version 2\n${" \n".repeat(4 * 1024 * 1024)}`;
  const { rotations, upgrades } = look(status, status);
  const why = (name: string) => `${join(folder, name)} is larger than 8 MiB`;
  expect(rotations).toEqual({ state: "unknown", why: why("status") });
  expect(upgrades).toEqual({ state: "unknown", why: why("dpkg.log") });
});

test("without records it is not known", () => {
  const nowhere = { rotated: join(folder, "none"), installed: [join(folder, "none")] };
  const { reloads, rotations, upgrades } = dailyLife(asked, nowhere);
  expect([reloads, rotations, upgrades].map(({ state }) => state)).toEqual([
    "unknown",
    "unknown",
    "unknown",
  ]);
});
