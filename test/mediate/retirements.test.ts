import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Claimant } from "../../src/domains/mediator-places.ts";
import {
  QUARANTINE_MS,
  RETIRED_OF_USERS_MAX,
  RETIRED_UNTIL_QUARANTINE,
} from "../../src/mediate/limits.ts";
import { Retirements } from "../../src/mediate/shared/retirements.ts";
import { scratchFolder } from "../support/scratch.ts";

/** No process has it. */
const GONE = 4_194_304;
const ada: Claimant = { domain: "shell", uid: 1000 };
const bob: Claimant = { domain: "shell", uid: 1001 };
const web: Claimant = { domain: "web", uid: 0 };

let folder: string;
let file: string;
let now = 0;
let living: ChildProcess[] = [];
beforeEach(() => {
  folder = scratchFolder("retired");
  file = join(folder, "mediator.sock.retired");
  now = 1_000;
});
afterEach(() => {
  for (const child of living) child.kill("SIGKILL");
  living = [];
  rmSync(folder, { recursive: true });
});

const retirements = () => new Retirements(file, () => now);

function livingProcess(): number {
  const child = spawn("sleep", ["1000"]);
  living.push(child);
  return child.pid ?? 0;
}

function add(known: Retirements, claimant: Claimant, count: number, pid = GONE): void {
  for (let time = 0; time < count; time++) known.add(claimant, pid);
}

test("a claimant is quarantined from some time on, a user sooner than root, others never", () => {
  const known = retirements();
  const { root, user } = RETIRED_UNTIL_QUARANTINE;
  add(known, ada, user - 1);
  expect(known.isQuarantined(ada)).toBe(false);
  add(known, ada, 1);
  add(known, web, root - 1);
  expect([ada, bob, web].map((one) => known.isQuarantined(one))).toEqual([true, false, false]);
  expect(known.isQuarantined({ domain: "web", uid: 1000 })).toBe(false);
  add(known, web, 1);
  expect(known.isQuarantined(web)).toBe(true);
});

test("a retirement ends after a while, never before the retired mediator ends", async () => {
  const known = retirements();
  add(known, ada, RETIRED_UNTIL_QUARANTINE.user);
  add(known, bob, RETIRED_UNTIL_QUARANTINE.user, livingProcess());
  now += QUARANTINE_MS;
  expect([ada, bob].map((one) => known.isQuarantined(one))).toEqual([false, true]);
  for (const child of living) child.kill("SIGKILL");
  await expect.poll(() => known.isQuarantined(bob)).toBe(false);
});

test("the mediators that come later know, and a file that is no list is none", () => {
  const known = retirements();
  add(known, ada, RETIRED_UNTIL_QUARANTINE.user);
  known.write();
  expect(retirements().isQuarantined(ada)).toBe(true);
  for (const text of ["", "{", "null", "[null, 7, {}]", '[{"domain":"shell","uid":1000}]']) {
    writeFileSync(file, text);
    expect(retirements().isQuarantined(ada)).toBe(false);
  }
});

test("what does not count any more is not kept", () => {
  const known = retirements();
  for (let time = 0; time < 100; time++) {
    known.add(ada, GONE);
    now += QUARANTINE_MS;
  }
  known.write();
  expect(JSON.parse(readFileSync(file, "utf8"))).toHaveLength(1);
});

test("many users' retired mediators quarantine all users, and no daemon of root's", () => {
  const known = retirements();
  for (let uid = 1; uid <= RETIRED_OF_USERS_MAX; uid++) {
    expect(known.isQuarantined(ada)).toBe(false);
    known.add({ domain: "shell", uid }, livingProcess());
  }
  expect([ada, web].map((one) => known.isQuarantined(one))).toEqual([true, false]);
});
