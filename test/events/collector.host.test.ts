import { chownSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Event } from "../../src/events/event.ts";
import {
  type AuditState,
  readAuditState,
  writeAuditState,
} from "../../src/kernel/audit/control.ts";
import { probeHost } from "../../src/kernel/probe/host-facts.ts";
import { needsFeature, needsRoot } from "../support/skip.ts";
import { anEvent } from "./an-event.ts";
import { makeStage, type Stage } from "./confined.ts";

const facts = probeHost();
let stage: Stage;
beforeAll(() => {
  stage = makeStage();
});
afterAll(() => stage.remove());
beforeEach((context) => {
  needsRoot(context);
  needsFeature(context, facts, "audit-read");
  needsFeature(context, facts, "landlock-log");
});

function find(events: readonly Event[], operation: string, object: string): Event | undefined {
  return events.find((event) => event.operation === operation && event.object === object);
}

function switches({ enabled, backlogLimit }: AuditState) {
  return { enabled, backlogLimit };
}

test("denials become events with process, access and the line that allows it", async () => {
  const { pid, events } = await stage.run([
    "read",
    "/etc/shadow",
    "connect",
    "80",
    "signal",
    "1",
    "create",
    `${stage.folder}/new file`,
  ]);
  expect(find(events, "read", "/etc/shadow")).toMatchObject({
    v: 1,
    domain: "web",
    source: "kernel",
    verdict: "denied",
    class: "name",
    process: { pid, uid: 0, comm: "confined", executable: `${stage.folder}/confined` },
    request: { class: "name", operation: "read", path: "/etc/shadow" },
    allow: { section: "files", line: "r /etc/shadow" },
  });
  expect(find(events, "connect", "tcp 127.0.0.1:80")).toMatchObject({
    class: "address",
    request: { class: "address", operation: "connect", protocol: "tcp", port: 80 },
    allow: { section: "network", line: "connect tcp 127.0.0.1:80" },
  });
  expect(events.find((event) => event.operation === "signal")).toMatchObject({
    class: "signal",
    object: expect.stringMatching(/\[1\]$/),
    allow: { section: "signals", line: "any" },
  });
  expect(find(events, "create", `${stage.folder}/?`)?.allow).toEqual({
    section: "files",
    line: `c ${stage.folder}/*`,
  });
});

test("the sentinel's own denial is no event, and an undisturbed run loses nothing", async () => {
  const { events } = await stage.run(["read", "/etc/shadow"]);
  expect(events.map((event) => [event.class, event.operation, event.object])).toEqual([
    ["name", "read", "/etc/shadow"],
  ]);
});

test("a child of the confined process is reported as itself", async () => {
  const { pid, events } = await stage.run(["fork-read", "/etc/gshadow"]);
  const event = find(events, "read", "/etc/gshadow");
  expect(event?.process.comm).toBe("worker");
  expect(event?.process.pid).not.toBe(pid);
});

test("two runs of one plan at once get their own denials each", async () => {
  const [first, second] = await Promise.all([
    stage.run(["sleep", "300", "read", "/etc/shadow"]),
    stage.run(["sleep", "300", "read", "/etc/gshadow"], { target: `${stage.folder}/second.jsonl` }),
  ]);
  expect(first.events.map((event) => event.object)).toEqual(["/etc/shadow"]);
  expect(second.events.map((event) => event.object)).toEqual(["/etc/gshadow"]);
});

test("a flood is one line with its count, and what the kernel lost is said", async () => {
  const denials = 3_000;
  const { events } = await stage.run(["flood", String(denials)]);
  const flood = events.filter((event) => event.object === "/etc/hostname");
  const lost = events.filter((event) => event.class === "lifecycle" && event.operation === "lost");
  expect(flood[0]?.count).toBe(1);
  expect(flood.length).toBeLessThan(10);
  const missed = lost.reduce((sum, event) => sum + Number.parseInt(event.object, 10), 0);
  expect(flood.reduce((sum, { count }) => sum + count, 0) + missed).toBeGreaterThanOrEqual(denials);
});

test("auditing is as before when the run is over", async () => {
  const before = readAuditState();
  let during: AuditState | null = null;
  await stage.run(["sleep", "200"], {
    meanwhile: () => {
      during = readAuditState();
    },
  });
  expect(during).toMatchObject({ enabled: 1 });
  expect(switches(readAuditState())).toEqual(switches(before));
});

test("auditing is as before when the collector is ended by a signal", async () => {
  const before = readAuditState();
  await stage.run(["sleep", "300"], {
    meanwhile: (collector) => {
      process.kill(collector, "SIGTERM");
    },
  });
  expect(switches(readAuditState())).toEqual(switches(before));
});

test("of two collectors the one that ends last puts auditing back, not the first", async () => {
  const before = readAuditState();
  const short = stage.run(["sleep", "200"]);
  const long = stage.run(["sleep", "1000"], { target: `${stage.folder}/long.jsonl` });
  await short;
  expect(readAuditState().enabled).toBe(1);
  await long;
  expect(switches(readAuditState())).toEqual(switches(before));
});

test("a setting that another process has made meanwhile is left alone", async () => {
  const before = readAuditState();
  const theirs = 4_321;
  try {
    await stage.run(["sleep", "200"], {
      meanwhile: () => writeAuditState({ enabled: 1, backlogLimit: theirs }),
    });
    expect(switches(readAuditState())).toEqual({ enabled: before.enabled, backlogLimit: theirs });
  } finally {
    writeAuditState(switches(before));
  }
});

test("a signal that the terminal sends to everybody does not end the collecting", async () => {
  const { events } = await stage.run(["sleep", "200", "read", "/etc/shadow"], {
    meanwhile: (collector) => {
      process.kill(collector, "SIGINT");
      process.kill(collector, "SIGHUP");
    },
  });
  expect(find(events, "read", "/etc/shadow")).toBeDefined();
});

test("a log on a full disk is reported, and auditing is restored anyway", async () => {
  const before = readAuditState();
  const { stderr } = await stage.run(["read", "/etc/shadow"], { target: "/dev/full" });
  expect(stderr).toContain("events cannot be written to /dev/full: write event: ENOSPC");
  expect(stderr).toContain("1 events were not written");
  expect(switches(readAuditState())).toEqual(switches(before));
});

test("auditing is as before when a collector was killed and another one ran after it", async () => {
  const before = readAuditState();
  await stage.run(["sleep", "300"], {
    meanwhile: (collector) => {
      process.kill(collector, "SIGKILL");
      expect(readAuditState().enabled).toBe(1);
    },
  });
  await stage.run(["read", "/etc/shadow"]);
  expect(switches(readAuditState())).toEqual(switches(before));
});

/** An event as a mediator writes it. */
const madeLine = JSON.stringify(
  anEvent({
    ...{ domain: "web", operation: "create", object: "/run/x" },
    process: { pid: 7, uid: 0, comm: "x", executable: null },
  }),
);

test("the mediator's lines are passed on, and what is no event is counted", async () => {
  const { events } = await stage.run(["line", madeLine, "line", "torn {", "sleep", "50"]);
  expect(find(events, "create", "/run/x")).toMatchObject({ domain: "web", process: { pid: 7 } });
  expect(events.filter((event) => event.operation === "lost").map((event) => event.object)).toEqual(
    ["1 lines of the mediator that are not events"],
  );
});

test("`-` renders events to standard error", async () => {
  const { stderr, pid } = await stage.run(["read", "/etc/shadow"], { target: "-" });
  expect(stderr).toContain(`confined[${pid}]: web: read /etc/shadow: denied`);
  expect(stderr).toContain("    allow it with: files: - r /etc/shadow");
});

test("an ordinary user gets the broker's denials, and learns that others are missing", async () => {
  const nobody = 65_534;
  chownSync(stage.folder, nobody, nobody);
  const { events } = await stage.run(["read", "/etc/shadow", "line", madeLine], { uid: nobody });
  expect(events.map((event) => [event.class, event.operation])).toEqual([
    ["lifecycle", "unavailable"],
    ["name", "create"],
  ]);
});
