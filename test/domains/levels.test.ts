import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  inThisBoot,
  type LevelClock,
  levelClock,
  newOverride,
  overrideNow,
  secondsLeft,
  untilNow,
} from "../../src/domains/level-clock.ts";
import {
  changeOverrides,
  readOverride,
  removeOverride,
  writeOverride,
} from "../../src/domains/levels.ts";
import { StateError } from "../../src/domains/state-error.ts";
import { domainsWithState } from "../../src/domains/state-file.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder: string;
beforeEach(() => {
  folder = scratchFolder("levels");
});
afterEach(() => rmSync(folder, { recursive: true }));

const root = { uid: 0, name: "root" };
const noon: LevelClock = { wall: Date.parse("2030-01-01T12:00:00Z"), uptime: 1000, boot: "first" };

test("an override is read as it was written, and gone when it is taken back", () => {
  const override = newOverride("warning", root, 7200, null, noon);
  writeOverride(folder, "nginx", override);
  expect(readOverride(folder, "nginx")).toEqual(override);
  expect(readOverride(folder, "redis")).toBeNull();
  expect(domainsWithState(folder, (name) => name === "nginx")).toEqual(["nginx"]);
  removeOverride(folder, "nginx");
  expect(readOverride(folder, "nginx")).toBeNull();
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  "",
  "{}",
  "[]",
  '{"level":"open","by":{"uid":0,"name":null},"since":"2030-01-01"}',
  '{"level":"warning"}',
])("%j is no level: refused, never guessed", (text) => {
  writeFileSync(join(folder, "nginx"), text);
  expect(() => readOverride(folder, "nginx")).toThrow(StateError);
});

test("--for ends after its time, whatever the wall clock says meanwhile", () => {
  const override = newOverride("warning", root, 7200, null, noon);
  expect(secondsLeft(override, noon)).toBe(7200);
  const yesterday = { ...noon, wall: noon.wall - 86_400_000, uptime: 1000 + 7199 };
  expect(overrideNow(override, yesterday)?.level).toBe("warning");
  expect(overrideNow(override, { ...yesterday, uptime: 1000 + 7200 })).toBeNull();
  const nextYear = { ...noon, wall: noon.wall + 31_536_000_000, uptime: 1001 };
  expect(overrideNow(override, nextYear)?.level).toBe("warning");
});

test("after another boot the wall clock decides", () => {
  const override = newOverride("warning", root, 7200, null, noon);
  const rebooted = { boot: "second", uptime: 5, wall: noon.wall + 7_199_000 };
  expect(overrideNow(override, rebooted)?.level).toBe("warning");
  expect(overrideNow(override, { ...rebooted, wall: noon.wall + 7_200_000 })).toBeNull();
});

test.each([
  ["the wall clock went back to 1970", 0],
  ["the wall clock went back a day", noon.wall - 86_400_000],
  ["the wall clock is right", noon.wall + 60_000],
])("after another boot no level lasts longer than was left: %s", (_what, wall) => {
  const override = newOverride("warning", root, 7200, null, noon);
  const rebooted = { boot: "second", uptime: 5, wall };
  expect(secondsLeft(override, rebooted)).toBeLessThanOrEqual(7195);
  expect(overrideNow(override, rebooted)?.level).toBe("warning");
  expect(overrideNow(override, { ...rebooted, uptime: 7200 })).toBeNull();
});

test("once recorded for this boot, no step of the wall clock ends or prolongs it", () => {
  const override = newOverride("warning", root, 7200, null, noon);
  const rebooted = { boot: "second", uptime: 5, wall: noon.wall + 3_600_000 };
  const brought = inThisBoot(override, rebooted);
  if (brought === null) throw new Error("nothing was written down");
  for (const wall of [0, noon.wall - 86_400_000, noon.wall + 31_536_000_000]) {
    expect(overrideNow(brought, { ...rebooted, wall, uptime: 5 + 3599 })?.level).toBe("warning");
    expect(overrideNow(brought, { ...rebooted, wall, uptime: 5 + 3600 })).toBeNull();
  }
  expect(inThisBoot(brought, rebooted)).toBeNull();
  // A third boot with a clock that stands still takes off what the second has lasted.
  const third = { boot: "third", uptime: 0, wall: 0 };
  expect(secondsLeft(brought, third)).toBe(3600);
  expect(inThisBoot(newOverride("warning", root, null, null, noon), rebooted)).toBeNull();
});

test("an uptime that restarts within a boot, as a container's, prolongs nothing", () => {
  const override = newOverride("warning", root, 60, null, noon);
  expect(secondsLeft(override, { ...noon, uptime: 1 })).toBe(60);
});

test("the end is told by the wall clock as it is set now", () => {
  const override = newOverride("warning", root, 7200, null, noon);
  expect(untilNow(override, { ...noon, wall: noon.wall + 60_000, uptime: 1060 })).toBe(
    "2030-01-01T14:00:00.000Z",
  );
  const stepped = { ...noon, wall: noon.wall - 3_600_000, uptime: 1060 };
  expect(untilNow(override, stepped)).toBe("2030-01-01T12:59:00.000Z");
  expect(untilNow(newOverride("warning", root, null, null, noon), noon)).toBeNull();
  expect(untilNow(null, noon)).toBeNull();
});

test("where there is no room for all, no override is changed", () => {
  writeOverride(folder, "nginx", newOverride("warning", root, null, null, noon));
  const wanted = newOverride("disabled", root, null, null, noon);
  // A folder of that name takes no file.
  mkdirSync(join(folder, "redis"));
  expect(() => changeOverrides(join(folder, "nowhere"), [["nginx", wanted]])).toThrow("ENOENT");
  expect(() =>
    changeOverrides(folder, [
      ["redis", wanted],
      ["nginx", wanted],
    ]),
  ).toThrow("EISDIR");
  expect(readOverride(folder, "nginx")?.level).toBe("warning");
  expect(readdirSync(folder).sort()).toEqual(["nginx", "redis"]);
});

test("what counted before counts again, but not another that had an end", () => {
  const lasting = newOverride("disabled", root, null, null, noon);
  const first = newOverride("warning", root, 60, lasting, noon);
  const second = newOverride("enforcing", root, 60, first, noon);
  const later = { ...noon, uptime: noon.uptime + 61 };
  expect(overrideNow(first, later)).toEqual(lasting);
  expect(overrideNow(second, later)).toEqual(lasting);
  expect(secondsLeft(lasting, later)).toBeNull();
});

test("this host's clocks run", () => {
  const clock = levelClock();
  expect(clock.uptime).toBeGreaterThan(0);
  expect(clock.boot).toMatch(/^[0-9a-f-]{36}$/);
});
