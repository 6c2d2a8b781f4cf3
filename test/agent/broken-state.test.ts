import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { needsRoot } from "../support/skip.ts";
import { policyText, ScratchHost } from "./scratch-host.ts";

let full = false;
vi.mock("../../src/kernel/replace-file.ts", async (original) => {
  const real = await original<typeof import("../../src/kernel/replace-file.ts")>();
  const replaceFile = (...args: Parameters<typeof real.replaceFile>): void => {
    if (full && args[0].includes("/levels/")) throw Object.assign(new Error("ENOSPC: no space"), { code: "ENOSPC" });
    real.replaceFile(...args);
  };
  return { ...real, replaceFile };
});

let host: ScratchHost;
beforeEach((context) => {
  needsRoot(context);
  full = false;
  host = new ScratchHost();
  host.policy("alpha", policyText("r /srv/alpha/**"));
});
afterEach(async () => {
  full = false;
  await host?.remove();
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

test("a level that has had its time ends also on a full disk, while the agent runs and when it starts", async () => {
  const agent = await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  await host.ask("PUT", "/domains/alpha/level", { level: "warning" });
  await host.ask("PUT", "/domains/alpha/level", { level: "disabled", seconds: 1 });
  full = true;
  await until(() => host.level(number) === "warning");
  expect(host.messages.join("\n")).toContain("the level of alpha has had its time, but its file cannot be changed");
  await host.stop(agent);
  await host.start();
  expect(host.level(number)).toBe("warning");
});

test.each(["null", '{"vmkernel":5}', '{"vobd":{"position":null,"sink":{"file":1}}}', "{"])(
  "without usable states of the sinks, %s, the agent starts and says what it does",
  async (text) => {
    mkdirSync(dirname(host.places.system.forwarding), { recursive: true });
    writeFileSync(host.places.system.forwarding, text);
    await host.start();
    expect(host.messages.join("\n")).toContain("events are forwarded from the oldest on");
  },
);
