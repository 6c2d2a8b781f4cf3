import * as fs from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { MarkedGrants } from "../../src/agent/evidence/marked-grants.ts";
import { PRIVATE_FILE } from "../../src/base/modes.ts";
import { writeUseIds } from "../../src/domains/use-ids.ts";
import { grantId } from "../../src/domains/used-grants.ts";
import { type LoadedUses, loadCapabilityUses } from "../../src/kernel/bpf/load-capability-uses.ts";
import { probeHost } from "../../src/kernel/probe/host-facts.ts";
import { readIfThere } from "../../src/kernel/read-if-there.ts";
import { root } from "../house/tree.ts";
import { compileC } from "../support/compile-c.ts";
import { needsFeature, needsRoot } from "../support/skip.ts";
import { PrivateHost } from "../system/private-host.ts";
import { Acting, attachedBy, countUses, PORT, toldUses } from "./capability-acts.ts";

const facts = probeHost();
const front = join(root, "bin/cofferdam");
const WAIT = { timeout: 60_000, interval: 100 };
let host: PrivateHost;
let loaded: LoadedUses | null = null;

beforeAll(async () => {
  if (process.getuid?.() !== 0) return;
  host = await PrivateHost.start();
  compileC(host.at("acts"), join(root, "test/agent/used-capabilities.c"), ["-static"]);
  fs.writeFileSync(host.at("theirs"), "", { mode: PRIVATE_FILE });
  fs.chownSync(host.at("theirs"), 65_534, 65_534);
  await host.agent();
  // In the collector's place, which would also switch the host's auditing on.
  loaded = loadCapabilityUses();
  writeUseIds(host.at("run"), loaded.ids);
});
afterAll(async () => {
  await Acting.endAll();
  await host?.close();
  loaded?.[Symbol.dispose]();
});
beforeEach((context) => {
  needsRoot(context);
  needsFeature(context, facts, "cgroup-inet");
});

function policy(name: string, level: string, capabilities: readonly string[]): void {
  host.policy(
    name,
    `summary: uses capabilities
level: ${level}
mediation: supervised
files: ["rx ${host.at("acts")}", "ra ${host.at("theirs")}"]
network: ["listen tcp ${PORT}"]
capabilities: [${capabilities.join(", ")}]
inherit: [stdio, stdio-sockets]
syscalls: ["@system-service"]
`,
  );
}

const inside = (domain: string) =>
  new Acting([...host.inside, front, "run", domain, "--", host.at("acts")]);

const heard = (domain: string, expected: Readonly<Record<string, number>>) =>
  vi.waitFor(() => expect(countUses(host, domain)).toEqual(expected), WAIT);

const ALL = {
  "dac_read_search for openat": 1,
  "net_bind_service for bind": 1,
  // For the owner, and for the group.
  "chown for chown": 2,
};

async function doAll(acting: Acting): Promise<readonly string[]> {
  const acts = [`read ${host.at("theirs")}`, `bind ${PORT}`, `owner ${host.at("theirs")}`];
  const said: string[] = [];
  for (const act of acts) said.push((await acting.does(act)).split(" ").slice(1).join(" "));
  fs.chownSync(host.at("theirs"), 65_534, 65_534);
  return said;
}

const attached = (): number => attachedBy(host.mediator() ?? 0);

test("each capability that a call needs is told at warning, and nothing else", async () => {
  policy("used", "warning", []);
  const acting = inside("used");
  const outside = new Acting([host.at("acts")]);
  for (const one of [outside, acting]) {
    expect(await one.does("spawn")).toBe("spawn done");
    expect(await one.does(`read ${host.at("acts")}`)).toBe("read done");
    expect(await doAll(one)).toEqual(["done", "done", "done"]);
  }
  await heard("used", ALL);
  const event = toldUses(host, "used").find(({ object }) => object.startsWith("net_bind_service"));
  expect(event).toMatchObject({
    verdict: "warning",
    level: "warning",
    source: "kernel",
    process: { uid: 0, comm: "acts", executable: host.at("acts") },
    allow: { section: "capabilities", line: "net_bind_service" },
  });
  // Its status says that the policy denies it.
  expect(() => host.cofferdam("why", event?.id ?? "")).toThrow("- net_bind_service");
  await acting.end();
});

test("what was told is what enforcing refuses, and what the proposed lines grant", async () => {
  policy("without", "enforcing", []);
  const without = inside("without");
  const refused = ["EACCES", "EACCES", "EPERM"];
  expect(await doAll(without)).toEqual(refused);
  const words = Object.keys(ALL).map((use) => use.split(" ")[0] ?? "");
  policy("with", "enforcing", words);
  expect(await doAll(inside("with"))).toEqual(["done", "done", "done"]);
  policy("granted", "warning", [...words, "sys_time"]);
  // From now on the agent watches the domain; then marks are no longer taken back.
  host.cofferdam("domain", "reload", "granted");
  await host.ask("GET", "/domains/granted/evidence");
  const granted = inside("granted");
  expect(await doAll(granted)).toEqual(["done", "done", "done"]);
  await granted.end();
  expect(countUses(host, "granted")).toEqual({});
  const { number } = await host.ask("GET", "/domains/granted");
  const used = () => new MarkedGrants(host.at("run/used")).read().get(number);
  await vi.waitFor(() => {
    const marked = words.map((word) => used()?.has(grantId("capabilities", word)));
    expect(marked).toEqual(words.map(() => true));
  }, WAIT);
  expect(used()?.has(grantId("capabilities", "sys_time"))).toBe(false);
});

/** More than the launcher looks at one by one (SOCKETS_MAX of native/launcher.h). */
const SOCKETS = `for i in $(seq 70); do exec {fd}<>/dev/udp/127.0.0.1/9; done; exec "$@"`;

test("a run without programs of its control group, for its sockets, is told of, too", async () => {
  policy("bare", "warning", []);
  const words = [...host.inside, front, "run", "bare", "--", host.at("acts")];
  const acting = new Acting(["bash", "-c", SOCKETS, "bash", ...words]);
  expect(await acting.does(`bind ${PORT}`)).toBe("bind done");
  await heard("bare", { "net_bind_service for bind": 1 });
  const groups = fs
    .readdirSync(host.at("run/runs"))
    .map((pid) => readIfThere(`/proc/${pid}/cgroup`) ?? "");
  expect(groups.join("")).toMatch(/\/bare\.0{16}\/\d+$/m);
  await acting.end();
});

test("a use that the mediator tells by the call itself is told once", async () => {
  policy("groups", "warning", []);
  const acting = inside("groups");
  expect(await acting.does("groups")).toBe("groups done");
  expect(await acting.does(`bind ${PORT}`)).toBe("bind done");
  await heard("groups", { "setgid for setgroups": 1, "net_bind_service for bind": 1 });
  await acting.end();
});

test("a flood is a few lines with its count; the host pays only at level warning", async () => {
  const times = 5_000;
  policy("flood", "warning", []);
  const acting = inside("flood");
  expect(await acting.does(`flood ${host.at("theirs")}`)).toBe("flood done");
  expect(attached()).toBe(1);
  await heard("flood", { "dac_read_search for openat": times });
  expect(toldUses(host, "flood").length).toBeLessThan(10);
  await host.ask("PUT", "/domains/flood/level", { level: "enforcing" });
  await vi.waitFor(() => expect(attached()).toBe(0), WAIT);
  await host.ask("PUT", "/domains/flood/level", { level: "warning" });
  await vi.waitFor(() => expect(attached()).toBe(1), WAIT);
  expect(await acting.does(`bind ${PORT}`)).toBe("bind done");
  const both = { "dac_read_search for openat": times, "net_bind_service for bind": 1 };
  await heard("flood", both);
  await acting.end();
  await vi.waitFor(() => expect(attached()).toBe(0), WAIT);
});

test("uses are told after the mediator was killed", async () => {
  policy("killed", "warning", []);
  const acting = inside("killed");
  expect(await acting.does(`read ${host.at("theirs")}`)).toBe("read done");
  await heard("killed", { "dac_read_search for openat": 1 });
  process.kill(host.mediator() ?? 0, "SIGKILL");
  expect(await acting.does("spawn")).toBe("spawn done");
  await vi.waitFor(async () => {
    expect(await acting.does(`bind ${PORT}`)).toBe("bind done");
    expect(countUses(host, "killed")["net_bind_service for bind"]).toBeGreaterThan(0);
  }, WAIT);
  expect(countUses(host, "killed")["dac_read_search for openat"]).toBe(1);
  await acting.end();
});
