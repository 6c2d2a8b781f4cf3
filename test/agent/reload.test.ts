import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Followers } from "../../src/agent/followers.ts";
import { LivePlans } from "../../src/agent/live-plans.ts";
import { PUBLIC_FILE, PUBLIC_FOLDER, SHARED_FOLDER } from "../../src/base/modes.ts";
import { LiveTableWriter } from "../../src/domains/live-table-writer.ts";
import { decodePlan } from "../../src/plan/decode.ts";
import { needsRoot } from "../support/skip.ts";
import { policyText, ScratchHost } from "./scratch-host.ts";

let host: ScratchHost;
beforeEach((context) => {
  needsRoot(context);
  host = new ScratchHost();
  host.policy("alpha", policyText("r /srv/alpha/**"));
});
afterEach(async () => {
  await host?.remove();
});

async function reloadOne(name: string) {
  return (await host.ask("POST", `/domains/${name}/reload`)).domains[0];
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

test("only what changed is taken, and comments are no change", async () => {
  await host.start();
  expect(await reloadOne("alpha")).toMatchObject({ outcome: "unchanged" });
  host.policy("alpha", `# more\n${policyText("r /srv/alpha/**")}`);
  expect(await reloadOne("alpha")).toMatchObject({ outcome: "unchanged" });
  host.policy("alpha", policyText("rw /srv/alpha/**"));
  host.policy("beta", policyText("r /srv/beta/**"));
  const { domains } = await host.ask("POST", "/reload");
  const told = domains.filter(({ outcome }: { outcome: string }) => outcome !== "unchanged");
  expect(told).toMatchObject([
    { name: "alpha", outcome: "changed" },
    { name: "beta", outcome: "new" },
  ]);
});

test("only running supervised processes get the new policy by a new generation", async () => {
  await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  const run = host.run("alpha", number, "supervised", "enforcing");
  const sealed = host.run("alpha", number, "sealed", "enforcing");
  host.policy("alpha", policyText("rw /srv/other/**"));
  const outcome = await reloadOne("alpha");
  expect(outcome).toMatchObject({
    outcome: "changed",
    following: 1,
    restart: [{ pid: sealed.pid }],
  });
  expect(host.generation(number)).toBe(1);
  const live = join(host.places.system.live, String(number));
  const plan = decodePlan(readFileSync(live));
  expect(plan).toMatchObject({ domain: "alpha", number });
  expect(plan.mediation.policy.names.map(({ pattern }) => pattern)).toContain("/srv/other/**");
  await host.end(run);
  await host.end(sealed);
  await until(() => !existsSync(live));
  expect(host.generation(number)).toBe(2);
});

test("what is fixed since the start of a run is named when the policy changes it", async () => {
  const change = async (words: string) => {
    host.policy("alpha", `${policyText("r /srv/alpha/**")}${words}`);
    const { notFollowed } = await reloadOne("alpha");
    return notFollowed.toSorted();
  };
  await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  expect(await change("memory: [jit]\n")).toEqual([]);
  const run = host.run("alpha", number, "supervised", "enforcing");
  expect(await change("memory: [memfd, dlopen]\nipc: [shm]\n")).toEqual(["ipc shm", "memory jit"]);
  expect(await change("user: daemon\ncore-dumps: allowed\nmemory: [jit]\n")).toEqual([
    "core-dumps allowed",
    "ipc shm",
    "user daemon",
  ]);
  host.policy("alpha", `${policyText("r /srv/alpha/**").replace("@system-service", "read")}`);
  expect((await reloadOne("alpha")).notFollowed).toContain("syscalls sysinfo");
  expect(await change("capabilities: [chown]\ninherit: [stdio]\n")).toEqual(
    expect.arrayContaining(["capabilities chown", "inherit stdio"]),
  );
  await host.end(run);
  expect(await change("")).toEqual([]);
});

test("a run that began at level warning has every capability and descriptor already", async () => {
  const change = async (words: string) => {
    host.policy("alpha", `${policyText("r /srv/alpha/**")}${words}`);
    return (await reloadOne("alpha")).notFollowed;
  };
  await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  const run = host.run("alpha", number, "supervised", "warning");
  expect(await change("capabilities: [chown]\ninherit: [stdio]\n")).toEqual([]);
  // But another user gets them when it starts.
  await change("user: daemon\n");
  expect(await change("user: daemon\ncapabilities: [chown]\n")).toEqual(["capabilities chown"]);
  await host.end(run);
});

test("a starting agent puts the files' policies into force for what still runs", async () => {
  const agent = await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  host.run("alpha", number, "supervised", "warning");
  await host.stop(agent);
  host.policy("alpha", policyText("rw /srv/later/**"));
  await host.start();
  const plan = decodePlan(readFileSync(join(host.places.system.live, String(number))));
  expect(plan.mediation.policy.names.map(({ pattern }) => pattern)).toContain("/srv/later/**");
});

test.each([
  ["that does not parse", "files: [\n"],
  ["with an unknown key", `${policyText("r /srv/**")}colour: blue\n`],
  ["of nothing", ""],
])("a file %s changes nothing and says why", async (_what, text) => {
  await host.start();
  const before = await host.ask("GET", "/domains/alpha");
  host.run("alpha", before.number, "supervised", "enforcing");
  host.policy("alpha", text);
  expect(await reloadOne("alpha")).toMatchObject({
    outcome: "bad",
    problems: expect.stringContaining("alpha.yaml"),
  });
  const after = await host.ask("GET", "/domains/alpha");
  expect(after).toMatchObject({
    state: "bad",
    number: before.number,
    level: before.level,
    policy: before.policy,
  });
  expect(host.generation(before.number)).toBe(0);
  host.policy("alpha", policyText("r /srv/mended/**"));
  expect(await reloadOne("alpha")).toMatchObject({ outcome: "changed" });
  expect(await host.ask("GET", "/domains/alpha")).toMatchObject({ state: "good" });
});

test("a policy of a package that is yet to come is taken, and says what it lacks", async () => {
  await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  const later = (user: string) => `${policyText("r /srv/later/**")}user: ${user}\n`;
  host.policy("alpha", later("nobody-yet"));
  host.policy("beta", policyText("r /srv/beta/**"));
  const { domains } = await host.ask("POST", "/reload");
  const told = domains.filter(({ outcome }: { outcome: string }) => outcome !== "unchanged");
  expect(told).toMatchObject([
    {
      outcome: "changed",
      absent: [expect.stringContaining("user `nobody-yet`")],
    },
    { name: "beta", outcome: "new", absent: [] },
  ]);
  expect(await host.ask("GET", "/domains/alpha")).toMatchObject({ state: "good" });
  host.policy("alpha", later("daemon"));
  expect(await reloadOne("alpha")).toMatchObject({ outcome: "changed", absent: [] });
  // Of a domain with processes it is a mistake, and they keep what they have.
  host.run("alpha", number, "sealed", "enforcing");
  host.policy("alpha", later("nobody-yet"));
  expect(await reloadOne("alpha")).toMatchObject({ outcome: "bad", absent: [] });
});

test("a bad file at the start is reported, keeps number and level; others load", async () => {
  const agent = await host.start();
  const { number } = await host.ask("GET", "/domains/alpha");
  await host.ask("PUT", "/domains/alpha/level", { level: "warning" });
  await host.stop(agent);
  host.policy("alpha", "files: [\n");
  host.policy("beta", policyText("r /srv/beta/**"));
  await host.start();
  expect(host.messages.join("\n")).toContain("the policy of alpha cannot be used");
  expect(await host.ask("GET", "/domains/alpha")).toMatchObject({
    state: "bad",
    number,
    level: "warning",
    policy: null,
  });
  expect(await host.ask("GET", "/domains/beta")).toMatchObject({ state: "good" });
  expect((await host.ask("GET", "/status")).bad).toEqual(["alpha"]);
});

test("an instance is listed while it runs, with a number of its own", async () => {
  host.policy("worker@", policyText("r /srv/${instance}/**"));
  await host.start();
  const { domains } = await host.ask("GET", "/domains");
  const next = Math.max(...domains.map(({ number }: { number: number }) => number)) + 1;
  const names = async (): Promise<string[]> =>
    (await host.ask("GET", "/domains")).domains.map(({ name }: { name: string }) => name);
  expect(await names()).not.toContain("worker@3");
  const run = host.run("worker@3", next, "supervised", "enforcing");
  while (!(await names()).includes("worker@3"))
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(host.level(next)).toBe("enforcing");
  await host.end(run);
  while ((await names()).includes("worker@3"))
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(host.level(next)).toBeNull();
});

test("after a reload an instance has its file's policy, its start noticed or not", async () => {
  host.policy("worker@", policyText("r /srv/${instance}/**"));
  await host.start();
  const { domains } = await host.ask("GET", "/domains");
  const next = Math.max(...domains.map(({ number }: { number: number }) => number)) + 1;
  const run = host.run("worker@3", next, "supervised", "enforcing");
  host.policy("worker@", policyText("r /srv/changed/${instance}/**"));
  await reloadOne("worker@3");
  const plan = decodePlan(readFileSync(join(host.places.system.live, String(next))));
  expect(plan.mediation.policy.names.map(({ pattern }) => pattern)).toContain("/srv/changed/3/**");
  await host.end(run);
});

test("what has not changed is not read again, and what it includes has a say in that", async () => {
  const abstractions = join(host.places.policies[0] ?? "", "abstractions");
  mkdirSync(abstractions, { mode: PUBLIC_FOLDER });
  writeFileSync(join(abstractions, "shared.yaml"), "files: [r /srv/shared/**]\n", {
    mode: PUBLIC_FILE,
  });
  host.policy("beta", `include: [shared]\n${policyText("r /srv/beta/**")}`);
  await host.start();
  const outcomes = async () => {
    const { domains } = await host.ask("POST", "/reload");
    return Object.fromEntries(
      domains.map(({ name, outcome }: Record<string, string>) => [name, outcome]),
    );
  };
  // Files that have changed just now are read again.
  await expect.poll(outcomes).toMatchObject({ alpha: "unchanged", beta: "unchanged" });
  for (let again = 0; again < 2; again++)
    expect(await outcomes()).toMatchObject({ alpha: "unchanged", beta: "unchanged" });
  writeFileSync(join(abstractions, "shared.yaml"), "files: [rw /srv/shared/**]\n");
  expect(await outcomes()).toMatchObject({ alpha: "unchanged", beta: "changed" });
  chmodSync(abstractions, SHARED_FOLDER);
  expect(await outcomes()).toMatchObject({ alpha: "unchanged", beta: "bad" });
  chmodSync(abstractions, PUBLIC_FOLDER);
  expect(await outcomes()).toMatchObject({ alpha: "unchanged", beta: "unchanged" });
  rmSync(join(host.places.policies[0] ?? "", "alpha.yaml"));
  expect(await outcomes()).toMatchObject({ alpha: "gone", beta: "unchanged" });
});

test("a policy that changed after it was read is not put into force", async () => {
  const { places } = host;
  mkdirSync(places.system.live, { recursive: true });
  const table = LiveTableWriter.open(places.system.table);
  const followers = { changed: () => undefined } as unknown as Followers;
  const plans = new LivePlans(places, table, followers);
  const put = async (between: () => void) => {
    const compiled = await plans.compile("alpha");
    if (compiled.state === "bad") throw new Error(compiled.problems);
    const prepared = plans.prepare(compiled.plan);
    between();
    return plans.put({ name: "alpha", number: 7 }, prepared);
  };
  expect(await put(() => host.policy("alpha", policyText("rw /srv/later/**")))).toBe(false);
  expect(readdirSync(places.system.live)).toEqual([]);
  expect(await put(() => undefined)).toBe(true);
  expect(readdirSync(places.system.live)).toEqual(["7"]);
  table.close();
});
