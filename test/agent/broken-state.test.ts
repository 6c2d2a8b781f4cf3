import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { needsRoot } from "../support/skip.ts";
import { policyText, ScratchHost } from "./scratch-host.ts";

let full = false;
/** Files that can still be written once the disk is full. */
let roomLeft = 0;
vi.mock("../../src/kernel/replace-file.ts", async (original) => {
  const real = await original<typeof import("../../src/kernel/replace-file.ts")>();
  const prepareFile = (...args: Parameters<typeof real.prepareFile>) => {
    const counts = full && /\/(levels|live)$/.test(args[0]);
    if (counts && roomLeft === 0)
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    if (counts) roomLeft -= 1;
    return real.prepareFile(...args);
  };
  return { ...real, prepareFile };
});

let host: ScratchHost;
beforeEach((context) => {
  needsRoot(context);
  full = false;
  roomLeft = 0;
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

test("an expired level ends also on a full disk, now and at the next start", async () => {
  const agent = await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  await host.ask("PUT", "/domains/alpha/level", { level: "warning" });
  await host.ask("PUT", "/domains/alpha/level", { level: "disabled", seconds: 1 });
  full = true;
  await until(() => host.level(number) === "warning");
  expect(host.messages.join("\n")).toContain(
    "the level of alpha has had its time, but its file cannot be changed",
  );
  await host.stop(agent);
  await host.start();
  expect(host.level(number)).toBe("warning");
});

test("a level without room on the disk is refused and changes nothing", async () => {
  host.policy("beta", policyText("r /srv/beta/**"));
  await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  await host.ask("PUT", "/domains/alpha/level", { level: "warning" });
  const before = readdirSync(host.places.system.levels);
  full = true;
  const refusal = {
    message: expect.stringContaining("ENOSPC"),
    help: expect.stringContaining("nothing was changed"),
  };
  await expect(
    host.ask("PUT", "/domains/alpha/level", { level: "disabled" }),
  ).rejects.toMatchObject(refusal);
  roomLeft = 3;
  await expect(
    host.ask("PUT", "/level", { level: "disabled", seconds: 3600 }),
  ).rejects.toMatchObject(refusal);
  full = false;
  const { domains } = await host.ask("GET", "/domains");
  const isRelaxed = (one: { level: string; policyLevel: string }) => one.level !== one.policyLevel;
  const relaxed = domains.filter(isRelaxed);
  expect(relaxed).toMatchObject([{ name: "alpha", level: "warning", until: null }]);
  expect(host.level(number)).toBe("warning");
  expect(readdirSync(host.places.system.levels)).toEqual(before);
  expect(
    host.events().filter(({ level, verdict }) => verdict === "audit" && level === "disabled"),
  ).toEqual([]);
  expect(host.messages.join("\n")).not.toContain("a request failed");
});

test("a policy that could not be written for running processes is not in force", async () => {
  await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  host.run("alpha", number, "supervised", "warning");
  host.policy("alpha", policyText("r /srv/other/**"));
  full = true;
  await expect(host.ask("POST", "/domains/alpha/reload")).rejects.toMatchObject({
    message: expect.stringContaining("ENOSPC"),
  });
  expect((await host.ask("GET", "/domains/alpha")).policy).toContain("/srv/alpha/**");
  full = false;
  const before = host.generation(number);
  expect((await host.ask("POST", "/domains/alpha/reload")).domains).toMatchObject([
    { outcome: "changed" },
  ]);
  expect(host.generation(number)).toBe(before + 1);
});

test("a broken level is reported once as long as it stays the same", async () => {
  const agent = await host.start();
  await host.stop(agent);
  writeFileSync(join(host.places.system.levels, "alpha"), "disabled");
  await host.start();
  const told = () => host.messages.filter((text) => text.includes("is broken"));
  for (let i = 0; i < 3; i++)
    for (const path of ["/status", "/domains", "/domains/alpha"]) await host.ask("GET", path);
  expect(told()).toHaveLength(1);
  writeFileSync(join(host.places.system.levels, "alpha"), "warning");
  await host.ask("GET", "/status");
  expect(told()).toHaveLength(2);
  await host.ask("PUT", "/domains/alpha/level", { level: "enforcing" });
  expect((await host.ask("GET", "/domains/alpha")).givenBy).toMatchObject({ uid: 0 });
});

test("a folder as a level's file prevents no start and no other level", async () => {
  mkdirSync(join(host.places.system.levels, "alpha"), { recursive: true });
  await host.start();
  expect((await host.ask("GET", "/domains/alpha")).level).toBe("enforcing");
  expect(host.messages.join("\n")).toContain("cannot be read: EISDIR");
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
