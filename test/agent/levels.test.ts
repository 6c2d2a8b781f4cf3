import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { levelClock, newOverride } from "../../src/domains/level-clock.ts";
import { writeOverride } from "../../src/domains/levels.ts";
import { readNumbers } from "../../src/domains/numbers-file.ts";
import { compileDomain } from "../../src/host/compile-domain.ts";
import { needsRoot } from "../support/skip.ts";
import { policyText, ScratchHost } from "./scratch-host.ts";

let host: ScratchHost;
beforeEach((context) => {
  needsRoot(context);
  host = new ScratchHost();
  host.policy("alpha", policyText("r /srv/alpha/**"));
  host.policy("beta", policyText("r /srv/beta/**"));
});
afterEach(async () => {
  await host?.remove();
});

async function numberOf(name: string): Promise<number> {
  return (await host.ask("GET", `/domains/${name}`)).number;
}

test("a confirmed level is in the table and on disk; an event names its author", async () => {
  await host.start();
  const number = await numberOf("alpha");
  expect(host.level(number)).toBe("enforcing");
  const { changes } = await host.ask("PUT", "/domains/alpha/level", { level: "warning" });
  expect(changes).toMatchObject([
    { name: "alpha", number, before: "enforcing", level: "warning", until: null },
  ]);
  expect(host.level(number)).toBe("warning");
  expect(JSON.parse(readFileSync(join(host.places.system.levels, "alpha"), "utf8"))).toMatchObject({
    level: "warning",
    by: { uid: 0, name: "root" },
  });
  const audits = host.events().filter(({ verdict }) => verdict === "audit");
  expect(audits).toMatchObject([
    {
      operation: "level-changed",
      domain: "alpha",
      number,
      level: "warning",
      by: { uid: 0, name: "root" },
    },
  ]);
  await host.ask("DELETE", "/domains/alpha/level");
  expect(host.level(number)).toBe("enforcing");
});

test("numbers, levels and --for outlive an agent that is killed", async () => {
  const first = await host.spawn();
  const before = await host.ask("GET", "/domains");
  await host.ask("PUT", "/domains/alpha/level", { level: "warning" });
  await host.ask("PUT", "/domains/beta/level", { level: "disabled", seconds: 3600 });
  const ended = new Promise((resolve) => first.process.once("close", resolve));
  first.process.kill("SIGKILL");
  await ended;
  await host.spawn();
  const after = await host.ask("GET", "/domains");
  const numbers = (answer: { domains: { name: string; number: number }[] }) =>
    answer.domains.map(({ name, number }) => [name, number]);
  expect(numbers(after)).toEqual(numbers(before));
  expect(after.domains).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: "alpha", level: "warning", until: null }),
      expect.objectContaining({ name: "beta", level: "disabled", until: expect.any(String) }),
    ]),
  );
  expect(host.level(await numberOf("alpha"))).toBe("warning");
});

test("a plan with a level that ends is no longer used then, with or without an agent", async () => {
  await host.start();
  const ends = async () => {
    const { plan } = await compileDomain(host.places, { name: "alpha" }, { effect: "look" });
    return plan?.facts.flatMap((fact) => (fact.kind === "until" ? [fact.until] : []));
  };
  expect(await ends()).toEqual([]);
  await host.ask("PUT", "/domains/alpha/level", { level: "warning", seconds: 3600 });
  const [end, ...more] = (await ends()) ?? [];
  expect(more).toEqual([]);
  expect(Math.abs((end ?? 0) - (levelClock().uptime + 3600) * 1_000)).toBeLessThan(60_000);
  expect(await ends()).toEqual([end]);
});

test("two agents are one too many: the second says so and changes nothing", async () => {
  await host.start();
  const { error } = await host.spawn();
  expect(error).toContain("an agent is running already");
  expect(await numberOf("alpha")).toBeGreaterThan(0);
});

test("--for puts back what was, by itself, and says so", async () => {
  await host.start();
  const number = await numberOf("alpha");
  await host.ask("PUT", "/domains/alpha/level", { level: "disabled" });
  await host.ask("PUT", "/domains/alpha/level", { level: "warning", seconds: 1 });
  expect(host.level(number)).toBe("warning");
  while (host.level(number) === "warning") await new Promise((resolve) => setTimeout(resolve, 20));
  expect(host.level(number)).toBe("disabled");
  const last = host.events().at(-1);
  expect(last).toMatchObject({
    operation: "level-changed",
    level: "disabled",
    by: { name: "cofferdam" },
  });
});

test("a time that ended while there was no agent is over when the next one starts", async () => {
  const number = await (async () => {
    const agent = await host.start();
    const found = await numberOf("alpha");
    await host.stop(agent);
    return found;
  })();
  const clock = levelClock();
  const earlier = { ...clock, uptime: clock.uptime - 7201, wall: clock.wall - 7_201_000 };
  writeOverride(
    host.places.system.levels,
    "alpha",
    newOverride("warning", { uid: 0, name: "root" }, 7200, null, earlier),
  );
  await host.start();
  expect(host.level(number)).toBe("enforcing");
  expect(host.events().at(-1)).toMatchObject({
    operation: "level-changed",
    by: { name: "cofferdam" },
  });
});

test("--all reaches every domain with one audit event", async () => {
  await host.start();
  const { changes } = await host.ask("PUT", "/level", { level: "warning" });
  expect(changes.length).toBeGreaterThan(2);
  const { domains } = await host.ask("GET", "/domains");
  expect(new Set(domains.map(({ level }: { level: string }) => level))).toEqual(
    new Set(["warning"]),
  );
  expect(host.events().filter(({ verdict }) => verdict === "audit")).toMatchObject([
    { operation: "all-levels-changed" },
  ]);
});

test("sealed processes are named with how to restart them, supervised ones follow", async () => {
  await host.start();
  const number = await numberOf("alpha");
  const sealed = host.run("alpha", number, "sealed", "enforcing");
  const fixed = host.run("alpha", number, "supervised", "enforcing", "fixed");
  host.run("alpha", number, "supervised", "enforcing");
  const { changes } = await host.ask("PUT", "/domains/alpha/level", { level: "warning" });
  expect(changes[0].following).toBe(1);
  expect(changes[0].restart.map(({ pid }: { pid: number }) => pid).sort()).toEqual(
    [sealed.pid, fixed.pid].sort(),
  );
  expect(changes[0].restart[0].how).toContain("cofferdam run alpha -- sleep 1000");
  expect(await host.ask("GET", "/domains/alpha")).toMatchObject({ switch: "restart", runs: 3 });
  const back = await host.ask("PUT", "/domains/alpha/level", { level: "enforcing" });
  expect(back.changes[0].restart).toEqual([]);
});

test("a broken override is reported and never taken for a level", async () => {
  const agent = await host.start();
  const number = await numberOf("alpha");
  await host.stop(agent);
  writeFileSync(join(host.places.system.levels, "alpha"), "disabled");
  await host.start();
  expect(host.level(number)).toBe("enforcing");
  expect(host.messages.join("\n")).toContain("is broken");
});

test("broken numbers prevent the start, with what to do, and stay as they are", async () => {
  const agent = await host.start();
  await host.stop(agent);
  writeFileSync(host.places.system.numbers, "{");
  await expect(host.start()).rejects.toMatchObject({
    name: "HostError",
    help: expect.stringContaining(".before"),
  });
  expect(readFileSync(host.places.system.numbers, "utf8")).toBe("{");
});

test("a renamed file keeps its number; a removed one keeps it for itself", async () => {
  const agent = await host.start();
  const alpha = await numberOf("alpha");
  const beta = await numberOf("beta");
  const text = readFileSync(host.fileOf("alpha"), "utf8");
  host.policy("web", text);
  rmSync(host.fileOf("alpha"));
  rmSync(host.fileOf("beta"));
  const { domains } = await host.ask("POST", "/reload");
  expect(domains).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: "web", number: alpha, outcome: "new" }),
      expect.objectContaining({ name: "beta", number: beta, outcome: "gone" }),
    ]),
  );
  expect(host.level(beta)).toBeNull();
  expect(host.level(alpha)).toBe("enforcing");
  await host.stop(agent);
  expect(
    readNumbers(host.places.system.numbers).domains.find(({ number }) => number === beta)?.gone,
  ).toBe(true);
});

test("numbers that break while the agent runs are an error with what to do", async () => {
  await host.start();
  writeFileSync(host.places.system.numbers, "{");
  await expect(host.ask("POST", "/reload")).rejects.toMatchObject({
    message: expect.stringContaining("is broken"),
    help: expect.stringContaining(".before"),
  });
  expect((await host.ask("GET", "/domains/alpha")).level).toBe("enforcing");
});
