import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Agent } from "../../src/agent/agent.ts";
import { NEEDS_BYTES_MAX, NEEDS_KEPT_MAX } from "../../src/agent/evidence/limits.ts";
import { MODE_BITS, PRIVATE_FILE } from "../../src/base/modes.ts";
import { grantId } from "../../src/domains/used-grants.ts";
import { failedEvent, theHost } from "../../src/events/audit-event.ts";
import { lifecycleEvent } from "../../src/events/collector/lifecycle.ts";
import type { Event } from "../../src/events/event.ts";
import { openEventLog } from "../../src/events/log/event-log.ts";
import { loggedRequest } from "../../src/events/logged-request.ts";
import type { Evidence, ShownEvidence } from "../../src/host/evidence.ts";
import { GrantIndex, UsedGrants } from "../../src/mediate/domain/used-grants.ts";
import { anEvent } from "../events/an-event.ts";
import { names, policy } from "../model/helpers/policy.ts";
import { needsRoot } from "../support/skip.ts";
import { policyText, ScratchHost } from "./scratch-host.ts";

let host: ScratchHost;
let agent: Agent;
beforeEach(async (context) => {
  needsRoot(context);
  host = new ScratchHost();
  host.policy("alpha", policyText("r /srv/alpha/**"));
  host.policy("beta", policyText("r /srv/beta/**"));
  agent = await host.start();
});
afterEach(async () => {
  await host?.remove();
});

async function shown(domain = "alpha"): Promise<ShownEvidence> {
  return host.ask("GET", `/domains/${domain}/evidence`);
}

async function evidence(domain = "alpha"): Promise<Evidence> {
  const { evidence: seen } = await shown(domain);
  if (seen === null) throw new Error(`nothing is seen of ${domain}`);
  return seen;
}

const warn = (domain = "alpha") =>
  host.ask("PUT", `/domains/${domain}/level`, { level: "warning" });

async function restart(meanwhile?: () => void): Promise<void> {
  await host.stop(agent);
  meanwhile?.();
  agent = await host.start();
}

const folder = () => dirname(host.places.events);
/** A file that is a few records long. */
const SMALL = { fileBytes: 4_096, oldFiles: 2 };

function log(events: readonly Partial<Event>[], limits = {}): void {
  const writer = openEventLog(folder(), limits);
  for (const event of events)
    writer.append(event.verdict === "failed" ? (event as Event) : anEvent(event));
  expect(writer.close()).toBe(0);
}

const asked = (path: string, more: Partial<Event> = {}): Partial<Event> => ({
  domain: "alpha",
  level: "warning",
  verdict: "warning",
  object: path,
  request: loggedRequest({ class: "name", operation: "read", path }),
  ...more,
});

const paths = ({ needs }: Evidence) =>
  needs.map(({ request, count }) => [(request as { path: unknown }).path, count]);

const gapsOf = ({ gaps }: Evidence) => gaps.map(({ kind, count }) => [kind, count]);

test("only a domain at level warning is watched, from the order on", async () => {
  expect((await shown()).evidence).toBeNull();
  log([asked("/before")]);
  const before = new Date().toISOString();
  await warn();
  const { since, begun, starts, needs, gaps } = await evidence();
  expect(since >= before).toBe(true);
  expect([begun, starts, needs, gaps]).toEqual(["level", 0, [], []]);
  expect((await shown("beta")).evidence).toBeNull();
  await host.ask("DELETE", "/domains/alpha/level");
  expect((await shown()).evidence).toBeNull();
  expect(existsSync(join(host.places.system.evidence, "alpha"))).toBe(false);
});

test("a level that begins by itself, or by the policy, begins to be watched", async () => {
  await warn();
  await host.ask("PUT", "/domains/alpha/level", { level: "enforcing", seconds: 1 });
  expect((await shown()).evidence).toBeNull();
  await expect.poll(async () => (await shown()).evidence).not.toBeNull();
  host.policy("beta", `level: warning\n${policyText("r /srv/beta/**")}`);
  await host.ask("POST", "/domains/beta/reload");
  expect((await evidence("beta")).begun).toBe("level");
});

test("starts that follow the level are counted once, also by the next agent", async () => {
  await warn();
  const { number } = await host.ask("GET", "/domains/alpha");
  host.run("alpha", number, "supervised", "warning");
  host.run("alpha", number, "sealed", "enforcing");
  host.run("alpha", number, "supervised", "warning", "fixed");
  expect((await evidence()).starts).toBe(1);
  await restart(() => void host.run("alpha", number, "supervised", "warning"));
  const { starts, lastStart } = await evidence();
  expect(starts).toBe(2);
  expect(lastStart).not.toBeNull();
});

test("warnings survive agents and the rotation of the log, and count once", async () => {
  await warn();
  log([asked("/a"), asked("/b", { count: 4 }), asked("/a", { domain: "beta" })]);
  expect(paths(await evidence())).toEqual([
    ["/a", 1],
    ["/b", 4],
  ]);
  await restart(() => log([asked("/a")]));
  expect(paths(await evidence())).toEqual([
    ["/a", 2],
    ["/b", 4],
  ]);
  for (let round = 0; round < 40; round++) {
    log(
      Array.from({ length: 5 }, (_, at) => asked(`/${round}/${at}`, { domain: "beta" })),
      SMALL,
    );
    await evidence();
  }
  const seen = await evidence();
  expect(paths(seen).slice(0, 2)).toEqual([
    ["/a", 2],
    ["/b", 4],
  ]);
  expect(seen.gaps).toEqual([]);
});

test("records that were removed before the agent read them are a gap", async () => {
  await warn();
  await evidence();
  await restart(() => {
    const flood = Array.from({ length: 200 }, (_, at) => asked(`/${at}`, { domain: "beta" }));
    log([asked("/hidden"), ...flood], SMALL);
  });
  const seen = await evidence();
  expect(seen.gaps.map(({ kind }) => kind)).toEqual(["removed"]);
  expect(paths(seen).map(([path]) => path)).not.toContain("/hidden");
});

test("lost, folded and failed events are gaps of those whom they may concern", async () => {
  await warn();
  await warn("beta");
  const of = (domain: string) => ({ domain, number: 1, level: "warning" }) as const;
  log([
    lifecycleEvent(of("beta"), "lost", "3 things", 3),
    lifecycleEvent(of("beta"), "folded", "9 events", 9),
    { ...lifecycleEvent(of("beta"), "outcome unknown", "openat", 1), source: "broker" },
    lifecycleEvent(theHost, "unavailable", "capabilities used at level warning: no BTF", 1),
    lifecycleEvent(theHost, "unavailable", "refusals by Landlock: too old", 1),
    failedEvent(theHost, "mediator", "it has ended"),
  ]);
  expect(gapsOf(await evidence("beta"))).toEqual([
    ["lost", 3],
    ["folded", 9],
    ["failed", 1],
    ["unseen", 1],
  ]);
  expect(gapsOf(await evidence("alpha"))).toEqual([["unseen", 1]]);
  log([{ ...lifecycleEvent(theHost, "lost", "5 events", 5), source: "log" }]);
  expect(gapsOf(await evidence("alpha"))).toEqual([
    ["unseen", 1],
    ["lost", 5],
  ]);
  await restart();
  expect(gapsOf(await evidence("alpha"))).toEqual([
    ["unseen", 1],
    ["lost", 5],
  ]);
});

test("a log that was cut off, exchanged or removed is a gap", async () => {
  await warn();
  await evidence();
  rmSync(join(folder(), "events.jsonl"));
  log([asked("/a")]);
  expect((await evidence()).gaps.map(({ kind }) => kind)).toContain("log");
  await warn();
  await restart(() => {
    for (const name of readdirSync(folder())) rmSync(join(folder(), name), { recursive: true });
    log([asked("/b")]);
  });
  expect((await evidence()).gaps.map(({ kind }) => kind)).toContain("log");
});

test("a flood of names fits into bounded space, and is told as a gap", async () => {
  await warn();
  const long = "x".repeat(3_000);
  log(Array.from({ length: NEEDS_KEPT_MAX + 7 }, (_, at) => asked(`/${at}\n\u202e"*`)));
  const seen = await evidence();
  expect(seen.needs).toHaveLength(NEEDS_KEPT_MAX);
  expect(gapsOf(seen)).toEqual([["beyond", 7]]);
  log(Array.from({ length: 200 }, (_, at) => asked(`/${long}${at}`, { domain: "beta" })));
  await warn("beta");
  log(Array.from({ length: 200 }, (_, at) => asked(`/${long}${at}`, { domain: "beta" })));
  expect((await evidence("beta")).gaps.map(({ kind }) => kind)).toEqual(["beyond"]);
  await host.stop(agent);
  for (const name of ["alpha", "beta"]) {
    const { size, mode } = statSync(join(host.places.system.evidence, name));
    expect(size).toBeLessThan(NEEDS_BYTES_MAX + 64 * 1024);
    expect(mode & MODE_BITS).toBe(PRIVATE_FILE);
  }
  agent = await host.start();
});

test("a policy that grants more keeps the time; one that grants less begins it anew", async () => {
  await warn();
  const { number } = await host.ask("GET", "/domains/alpha");
  host.run("alpha", number, "supervised", "warning");
  log([asked("/a")]);
  const before = await evidence();
  expect(before.starts).toBe(1);
  host.policy("alpha", policyText("r /srv/alpha/** /a"));
  await host.ask("POST", "/domains/alpha/reload");
  const wider = await evidence();
  expect([wider.since, wider.starts]).toEqual([before.since, 1]);
  expect(wider.policySince > before.policySince).toBe(true);
  // Also if no agent saw the change.
  await restart(() => host.policy("alpha", policyText("r /a")));
  const narrower = await evidence();
  expect(narrower.since > before.since).toBe(true);
  expect([narrower.begun, narrower.starts]).toEqual(["policy", 0]);
  expect(paths(narrower)).toEqual([["/a", 1]]);
});

test("an order of level warning begins anew", async () => {
  await warn();
  log([asked("/a"), lifecycleEvent({ ...theHost, domain: "alpha" }, "lost", "1", 1)]);
  expect(await evidence()).toMatchObject({ needs: [{}], gaps: [{}] });
  await warn();
  expect(await evidence()).toMatchObject({ needs: [], gaps: [] });
});

/** As a mediator of the domain, whose policy has these rules. */
async function mark(...used: readonly string[]): Promise<void> {
  const { number } = await host.ask("GET", "/domains/alpha");
  const of = policy({ names: names(...used) });
  const marks = UsedGrants.open(host.places.system.used, number, new GrantIndex(of));
  for (const { source } of of.names) marks?.rule(source);
  marks?.close();
}

const ids = (...used: readonly string[]) => used.map((text) => grantId("names", text));

test("what mediators mark is kept by agents, and begins anew with the time", async () => {
  await warn();
  await mark("r /a", "r /b");
  expect((await evidence()).used).toEqual(ids("r /a", "r /b"));
  // The host boots: the marks are gone.
  await restart(() => rmSync(host.places.system.used, { recursive: true }));
  await mark("r /c");
  expect((await evidence()).used).toEqual(ids("r /a", "r /b", "r /c"));
  host.policy("alpha", policyText("r /a"));
  await host.ask("POST", "/domains/alpha/reload");
  const { used, usedSince, since } = await evidence();
  expect([used, usedSince]).toEqual([[], since]);
  await mark("r /a");
  expect((await evidence()).used).toEqual(ids("r /a"));
  await warn();
  expect((await evidence()).used).toEqual([]);
});

test("a grant that is added later is known as such, with the starts before it", async () => {
  await warn();
  const { number } = await host.ask("GET", "/domains/alpha");
  host.run("alpha", number, "supervised", "warning");
  expect((await evidence()).fresh).toEqual([]);
  host.policy("alpha", policyText("r /srv/alpha/** /a"));
  await host.ask("POST", "/domains/alpha/reload");
  expect((await evidence()).fresh).toMatchObject([{ line: "r /a", starts: 1 }]);
  host.policy("alpha", policyText("r /srv/alpha/** /a /b"));
  await restart();
  expect((await evidence()).fresh).toMatchObject([{ line: "r /a" }, { line: "r /b" }]);
});

test("while a run keeps its level, the time in which uses are seen does not begin", async () => {
  await warn();
  const before = await evidence();
  expect(before.usedSince).toBe(before.since);
  const { number } = await host.ask("GET", "/domains/alpha");
  host.run("alpha", number, "sealed", "enforcing");
  const { since, usedSince } = await evidence();
  expect([since, (usedSince ?? "") > since]).toEqual([before.since, true]);
});

test("evidence of an agent that did not look at uses tells of none", async () => {
  await warn();
  const path = join(host.places.system.evidence, "alpha");
  await restart(() => {
    const { usedSince, used, fresh, ...older } = JSON.parse(readFileSync(path, "utf8"));
    expect([usedSince, used, fresh]).toEqual([expect.any(String), [], []]);
    writeFileSync(path, JSON.stringify(older));
  });
  await mark("r /a");
  expect((await evidence()).usedSince).toBeNull();
});

test("a broken file begins anew, and is reported", async () => {
  await warn();
  log([asked("/a")]);
  await restart(() => writeFileSync(join(host.places.system.evidence, "alpha"), "{"));
  expect((await evidence()).needs).toEqual([]);
  expect(host.messages.join("\n")).toContain(
    "is broken: it is no JSON, or not all of it; its content begins anew",
  );
});

test("a domain that begins with an agent does not count what was logged before it", async () => {
  await warn();
  log([asked("/a")]);
  expect(paths(await evidence())).toEqual([["/a", 1]]);
  await restart(() => {
    log([asked("/before", { domain: "beta" })]);
    host.policy("beta", `level: warning\n${policyText("r /srv/beta/**")}`);
  });
  expect(paths(await evidence("beta"))).toEqual([]);
});
