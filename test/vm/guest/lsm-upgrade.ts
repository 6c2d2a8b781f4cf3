/** Loads every program six times, which takes the emulator minutes. */
import * as fs from "node:fs";
import { dirname } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { nothingBeside, policyTable } from "../../../src/compile/lsm/policy-table.ts";
import { LsmEngine } from "../../../src/kernel/bpf/lsm/engine.ts";
import { isLsmOutdated, loadLsm } from "../../../src/kernel/bpf/lsm/load.ts";
import { generations, hasOtherMaps, removeGeneration } from "../../../src/kernel/bpf/lsm/pins.ts";
import {
  ACT,
  asOfAnotherLayout,
  asOfAnotherVersion,
  CROWD,
  Lsm,
  nothingToFill,
  OTHER_LAYOUT,
  PINS,
  rules,
  TRY,
  Trying,
} from "./lsm-arena.ts";

const WAIT = { timeout: 60_000, interval: 50 };
const DOMAIN = 45;
const FILE = "/tmp/lsm/upgrade";

beforeAll(() => {
  fs.mkdirSync(dirname(FILE), { recursive: true });
  fs.writeFileSync(FILE, "");
});

/** Threads and forking processes that are granted nothing. */
async function crowdIn(engine: LsmEngine): Promise<Trying> {
  // It takes what loading the programs leaves of the emulator's time.
  const crowd = new Trying("/usr/bin/nice", ["-n", "15", CROWD, FILE]);
  await crowd.does("");
  engine.labels.adopt(DOMAIN, () => crowd.family());
  // What was opened before is counted now.
  await crowd.does("");
  return crowd;
}

test("new programs take over without a gap", async () => {
  const lsm = new Lsm();
  lsm.domain(DOMAIN, "enforcing", []);
  const crowd = await crowdIn(lsm.engine);
  const told = crowd.does("");
  expect(isLsmOutdated(PINS)).toBe(false);
  const before = asOfAnotherVersion();
  expect(isLsmOutdated(PINS)).toBe(true);
  loadLsm(PINS, nothingToFill);
  expect(await told).toMatch(/^0 [1-9]\d*$/);
  expect(await crowd.does("")).toMatch(/^0 [1-9]\d*$/);
  expect(generations(PINS)).toEqual([{ ...before, number: before.number + 1 }]);
  await crowd.end();
});

test("a launcher enters its domain while the programs of both versions are attached", async () => {
  const { engine } = new Lsm();
  const programs = fs.readdirSync(PINS).find((name) => name.startsWith("programs-"));
  const aside = "/sys/fs/bpf/aside";
  fs.renameSync(`${PINS}/${programs}`, aside);
  loadLsm(PINS, nothingToFill);
  const launcher = new Trying(ACT);
  engine.labels.announce(launcher.pid, { domain: DOMAIN, launched: "bare" }, () => true);
  launcher.becomes(`execute ${TRY}`);
  expect(await launcher.does(`read ${FILE}`)).toBe("EACCES");
  for (const name of fs.readdirSync(aside)) fs.unlinkSync(`${aside}/${name}`);
  fs.rmdirSync(aside);
  await launcher.end();
});

test("and by maps of another layout, and each process stays in its domain", async () => {
  const { engine: old } = new Lsm();
  const crowd = await crowdIn(old);
  const launcher = new Trying(ACT);
  old.labels.announce(launcher.pid, { domain: DOMAIN, launched: "filtered" }, () => true);
  const started = new Trying(ACT);
  old.labels.announce(started.pid, { domain: DOMAIN, launched: "bare" }, () => true);
  started.becomes(`execute ${TRY}`);
  expect(await started.does(`read ${FILE}`)).toBe("EACCES");
  const told = crowd.does("");
  const before = asOfAnotherLayout();
  expect(isLsmOutdated(PINS)).toBe(true);
  // This version writes no maps that the attached programs do not read.
  expect(LsmEngine.open(PINS)).toBeNull();
  expect(() => loadLsm(PINS, nothingToFill)).toThrow(`no policy any more: ${DOMAIN}`);
  expect(generations(PINS)).toMatchObject([{ digest: "0" }]);
  loadLsm(PINS, (engine) => {
    engine.setPolicy(DOMAIN, policyTable([], nothingBeside));
    engine.setLevel(DOMAIN, "enforcing");
  });
  expect(await told).toMatch(/^0 [1-9]\d*$/);
  expect(await crowd.does("")).toMatch(/^0 [1-9]\d*$/);
  expect(generations(PINS)).toEqual([{ ...before, number: before.number + 1 }]);
  expect(hasOtherMaps(PINS)).toBe(false);
  expect(isLsmOutdated(PINS)).toBe(false);

  using engine = LsmEngine.open(PINS);
  expect(engine?.labels.labelOf(started.pid)).toEqual({ domain: DOMAIN, launched: "bare" });
  expect(engine?.labels.labelOf(launcher.pid)?.domain).toBe(0);
  launcher.becomes(`execute ${TRY}`);
  expect(await launcher.does(`read ${FILE}`)).toBe("EACCES");
  expect(engine?.labels.labelOf(launcher.pid)).toEqual({ domain: DOMAIN, launched: "filtered" });
  engine?.setPolicy(DOMAIN, policyTable(rules(`r ${FILE}`), nothingBeside));
  // The kernel detaches the old programs after their pins are gone, one after the other.
  await vi.waitFor(async () => expect(await crowd.does("")).toMatch(/^[1-9]\d* 0$/), WAIT);
  await crowd.end();
});

test("of an upgrade that was killed at its end, what was before is removed, and no more", () => {
  const before = generations(PINS);
  fs.mkdirSync(`${PINS}/programs-0-${OTHER_LAYOUT}-0`);
  fs.mkdirSync(`${PINS}/maps-${OTHER_LAYOUT}`);
  expect(isLsmOutdated(PINS)).toBe(true);
  loadLsm(PINS, () => expect.fail("the maps are filled"));
  expect(generations(PINS)).toEqual(before);
  expect(isLsmOutdated(PINS)).toBe(false);
});

test("whom a killed --unpin has let go is not held by what is attached later", async () => {
  const { engine: old } = new Lsm();
  const one = new Trying(ACT);
  old.labels.adopt(DOMAIN, () => [one.pid]);
  for (const generation of generations(PINS)) removeGeneration(PINS, generation);
  loadLsm(PINS, nothingToFill);
  using engine = LsmEngine.open(PINS);
  expect(engine?.labels.domainOf(one.pid)).toBe(0);
  await one.end();
});
