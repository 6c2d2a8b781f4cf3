/** Loads every program a second time, which takes the emulator minutes. */
import { expect, test } from "vitest";
import { isLsmOutdated, loadLsm } from "../../../src/kernel/bpf/lsm/load.ts";
import { generations } from "../../../src/kernel/bpf/lsm/pins.ts";
import { asOfAnotherVersion, CROWD, Lsm, PINS, Trying } from "./lsm-arena.ts";

const DOMAIN = 45;

test("new programs take over without a gap", async () => {
  const lsm = new Lsm();
  lsm.domain(DOMAIN, "enforcing", []);
  const crowd = new Trying(CROWD, ["/tmp/lsm/upgrade"]);
  lsm.engine.adopt(DOMAIN, () => crowd.family());
  await crowd.does("");
  const told = crowd.does("");
  expect(isLsmOutdated(PINS)).toBe(false);
  const before = asOfAnotherVersion();
  expect(isLsmOutdated(PINS)).toBe(true);
  loadLsm(PINS);
  expect(await told).toMatch(/^0 [1-9]\d*$/);
  expect(await crowd.does("")).toMatch(/^0 [1-9]\d*$/);
  expect(generations(PINS)).toEqual([{ ...before, number: before.number + 1 }]);
  await crowd.end();
});
