import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LevelClock } from "../../src/domains/level-clock.ts";
import { needsRoot } from "../support/skip.ts";
import { policyText, ScratchHost } from "./scratch-host.ts";

const noon: LevelClock = { wall: Date.parse("2030-01-01T12:00:00Z"), uptime: 1000, boot: "first" };
let clock = noon;
vi.mock("../../src/domains/level-clock.ts", async (original) => ({
  ...(await original<typeof import("../../src/domains/level-clock.ts")>()),
  levelClock: () => clock,
}));

let host: ScratchHost;
beforeEach((context) => {
  needsRoot(context);
  clock = noon;
  host = new ScratchHost();
  host.policy("alpha", policyText("r /srv/alpha/**"));
});
afterEach(async () => {
  await host?.remove();
});

const HOUR = 3_600_000;
const at = (boot: string, uptime: number, wall: number): LevelClock => ({ boot, uptime, wall });
const shown = async () =>
  (await host.ask("GET", "/domains/alpha")) as { level: string; until: string | null };

test("--for 2h: steps of the clock neither end nor prolong it, also over a boot", async () => {
  let agent = await host.start();
  const again = async (next: LevelClock) => {
    await host.stop(agent);
    clock = next;
    agent = await host.start();
  };
  await host.ask("PUT", "/domains/alpha/level", { level: "warning", seconds: 7200 });
  clock = at("first", 1060, noon.wall + 8760 * HOUR);
  expect(await shown()).toMatchObject({ level: "warning", until: "2031-01-01T13:59:00.000Z" });
  clock = at("first", 1060, 0);
  expect((await shown()).level).toBe("warning");
  // A host without a battery-backed clock boots in 1970, and learns the time later, a wrong one at
  // first.
  await again(at("second", 10, 0));
  expect(await shown()).toMatchObject({ level: "warning", until: "1970-01-01T01:59:50.000Z" });
  clock = at("second", 3600, noon.wall + 8760 * HOUR);
  expect((await shown()).level).toBe("warning");
  clock = at("second", 7201, 0);
  expect((await shown()).level).toBe("enforcing");
  await again(at("second", 7202, 0));
  expect(host.events().at(-1)).toMatchObject({
    operation: "level-changed",
    level: "enforcing",
    by: { name: "cofferdam" },
  });
});

test("--for 2h ends in its time where the host was down meanwhile", async () => {
  const agent = await host.start();
  await host.ask("PUT", "/domains/alpha/level", { level: "warning", seconds: 7200 });
  await host.stop(agent);
  clock = at("second", 10, noon.wall + 2 * HOUR + 1);
  await host.start();
  expect(await shown()).toMatchObject({ level: "enforcing", until: null });
});
