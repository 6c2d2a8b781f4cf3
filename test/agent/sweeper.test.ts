import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ABSENT_MS } from "../../src/agent/absent-levels.ts";
import { Sweeper } from "../../src/agent/sweeper.ts";
import { PUBLIC_FILE } from "../../src/base/modes.ts";
import { overridePath, writeOverride } from "../../src/domains/levels.ts";
import { writeNumbers } from "../../src/domains/numbers-file.ts";
import type { Event } from "../../src/events/event.ts";
import { NamedAnchors } from "../../src/host/named-anchors.ts";
import type { Places } from "../../src/host/places.ts";
import { replaceFile } from "../../src/kernel/replace-file.ts";
import { encodePlan } from "../../src/plan/encode.ts";
import { root } from "../house/tree.ts";
import { samplePlan } from "../plan/sample.ts";
import { scratchFolder } from "../support/scratch.ts";
import { scratchPlaces } from "./scratch-places.ts";

let folder: string;
let host: Places;
let events: Event[];
let messages: string[];
let sweeper: Sweeper;
beforeEach(() => {
  folder = scratchFolder("sweep");
  host = scratchPlaces(folder, root);
  [events, messages] = [[], []];
  sweeper = newSweeper();
  const { levels, runs } = host.system;
  for (const one of [levels, runs, join(folder, "domains")]) mkdirSync(one, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const fileOf = (name: string): string => join(folder, "domains", `${name}.yaml`);

function newSweeper(): Sweeper {
  const agent = {
    places: host,
    tell: (event: Event) => void events.push(event),
    log: (text: string) => void messages.push(text),
  };
  return new Sweeper(agent, { all: () => undefined }, (work) => work(), null);
}

/** A level was given to it, and it had a policy. */
function given(name: string, number: number): string {
  const by = { uid: 0, name: "root" };
  writeOverride(host.system.levels, name, {
    level: "warning",
    by,
    since: "2026-01-31T16:00:59.000Z",
  });
  const one = { number, name, origin: fileOf(name), identity: "" };
  writeNumbers(host.system.numbers, { version: 1, next: number + 1, domains: [one] });
  return overridePath(host.system.levels, name);
}

test("the level of a domain without a policy is forgotten, with an audit event", async () => {
  const level = given("web", 7);
  await sweeper.sweep(0);
  await sweeper.sweep(ABSENT_MS - 1);
  expect(existsSync(level)).toBe(true);
  await sweeper.sweep(ABSENT_MS);
  expect(existsSync(level)).toBe(false);
  expect(events).toMatchObject([
    { domain: "web", number: 7, verdict: "audit", operation: "level forgotten" },
  ]);
  expect(events[0]?.object).toContain("warning, given 2026-01-31");
  await sweeper.sweep(2 * ABSENT_MS);
  expect([events.length, messages]).toEqual([1, []]);
});

test("a policy that returns within the time finds its level; the time restarts", async () => {
  const level = given("web", 7);
  await sweeper.sweep(0);
  writeFileSync(fileOf("web"), "");
  await sweeper.sweep(ABSENT_MS);
  rmSync(fileOf("web"));
  await sweeper.sweep(ABSENT_MS + 1);
  await sweeper.sweep(2 * ABSENT_MS);
  expect(existsSync(level)).toBe(true);
});

test("a level stays while its instance runs, its template exists or the agent is new", async () => {
  const kept = [given("vm@web1", 8), given("tool", 9)];
  writeFileSync(fileOf("vm@"), "");
  symlinkSync(`tool 9 sealed enforcing 1 1 1 live`, join(host.system.runs, "1"));
  await sweeper.sweep(0);
  await sweeper.sweep(ABSENT_MS);
  rmSync(join(host.system.runs, "1"));
  renameSync(join(folder, "domains"), join(folder, "elsewhere"));
  writeNumbers(host.system.numbers, { version: 1, next: 1, domains: [] });
  given("tool", 9);
  rmSync(kept[0] ?? "");
  await sweeper.sweep(2 * ABSENT_MS);
  await sweeper.sweep(3 * ABSENT_MS);
  renameSync(join(folder, "elsewhere"), join(folder, "domains"));
  await newSweeper().sweep(4 * ABSENT_MS);
  expect([existsSync(kept[1] ?? ""), events, messages]).toEqual([true, [], []]);
});

test("what cannot be tidied away is reported once, and the rest is tidied away", async () => {
  rmSync(host.system.runs, { recursive: true });
  writeFileSync(host.system.runs, "");
  const level = given("web", 7);
  rmSync(level);
  await sweeper.sweep(0);
  await sweeper.sweep(1);
  expect(messages).toEqual([expect.stringContaining("runs that have ended cannot be tidied away")]);
});

test("control groups are named by ready plans, as long as these lie there", () => {
  const named = new NamedAnchors(host.plans);
  expect(named.look()).toEqual(new Set());
  mkdirSync(host.plans);
  const put = (name: string, anchor: string, absent = join(folder, "absent")) => {
    const facts = [{ kind: "absent", path: absent, role: "authority" } as const];
    const plan = { ...samplePlan(), facts, cgroup: { anchor, programs: [] } };
    replaceFile(join(host.plans, name), encodePlan(plan), PUBLIC_FILE);
  };
  put("web-1.plan", "/sys/fs/cgroup/cofferdam/web.1");
  put("web-2.plan", "/elsewhere/cofferdam/web.2");
  writeFileSync(join(host.plans, "old-1.plan"), "of another version");
  expect(named.look()).toEqual(new Set(["web.1", "web.2"]));
  put("web-3.plan", "/sys/fs/cgroup/cofferdam/web.4", "/etc/hostname");
  expect(named.look()).toEqual(new Set(["web.1", "web.2"]));
  rmSync(join(host.plans, "web-3.plan"));
  put("web-1.plan", "/sys/fs/cgroup/cofferdam/web.3");
  rmSync(join(host.plans, "web-2.plan"));
  expect(named.look()).toEqual(new Set(["web.3"]));
});
