import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LevelClock, levelClock, newOverride, overrideNow, secondsLeft } from "../../src/domains/level-clock.ts";
import { overridden, readOverride, removeOverride, writeOverride } from "../../src/domains/levels.ts";
import { StateError } from "../../src/domains/state-error.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cofferdam-levels-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const root = { uid: 0, name: "root" };
const noon: LevelClock = { wall: Date.parse("2030-01-01T12:00:00Z"), uptime: 1000, boot: "first" };

test("an override is read as it was written, and gone when it is taken back", () => {
  const override = newOverride("warning", root, 7200, null, noon);
  writeOverride(folder, "nginx", override);
  expect(readOverride(folder, "nginx")).toEqual(override);
  expect(readOverride(folder, "redis")).toBeNull();
  expect(overridden(folder, (name) => name === "nginx")).toEqual(["nginx"]);
  removeOverride(folder, "nginx");
  expect(readOverride(folder, "nginx")).toBeNull();
  expect(readdirSync(folder)).toEqual([]);
});

test.each(["", "{}", "[]", '{"level":"open","by":{"uid":0,"name":null},"since":"2030-01-01"}', '{"level":"warning"}'])(
  "%j is no level: refused, never guessed",
  (text) => {
    writeFileSync(join(folder, "nginx"), text);
    expect(() => readOverride(folder, "nginx")).toThrow(StateError);
  },
);

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
