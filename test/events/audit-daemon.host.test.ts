import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import {
  type AuditState,
  readAuditState,
  writeAuditState,
} from "../../src/kernel/audit/control.ts";
import { probeHost } from "../../src/kernel/probe/host-facts.ts";
import { compileC } from "../support/compile-c.ts";
import { needsFeature, needsRoot, skipUnless } from "../support/skip.ts";
import { makeStage, type Stage } from "./confined.ts";

const facts = probeHost();
let stage: Stage;
let before: AuditState;
let daemon: ChildProcess | null = null;
let program: string;

beforeAll(() => {
  stage = makeStage();
  program = join(stage.folder, "audit-daemon");
  compileC(program, join(import.meta.dirname, "audit-daemon.c"), ["-O1", "-Wall", "-Werror"]);
});
afterAll(() => stage.remove());
beforeEach((context) => {
  needsRoot(context);
  needsFeature(context, facts, "audit-read");
  needsFeature(context, facts, "landlock-log");
  before = readAuditState();
  skipUnless(context, before.daemon === 0, "an audit daemon runs on this host");
});
afterEach(async () => {
  if (daemon !== null) await said();
  if (before !== undefined) writeAuditState(before);
});

/** Starts the stand-in, which has auditing on or off. */
async function start(enabled: 0 | 1): Promise<number> {
  daemon = spawn(program, [`${enabled}`], { stdio: ["pipe", "pipe", "inherit"] });
  await once(daemon.stdout as NodeJS.ReadableStream, "data");
  return daemon.pid ?? 0;
}

/** Ends it: how many denials it was given. */
async function said(): Promise<number> {
  const ending = daemon as ChildProcess;
  daemon = null;
  const text = once(ending.stdout as NodeJS.ReadableStream, "data");
  ending.stdin?.end();
  return Number(String((await text)[0]));
}

test("a running audit daemon keeps registration, switches and records; we get ours", async () => {
  const pid = await start(1);
  const theirs = readAuditState();
  expect(theirs).toMatchObject({ daemon: pid, enabled: 1 });
  const during: AuditState[] = [];
  const { events } = await stage.run(["sleep", "100", "read", "/etc/shadow"], {
    meanwhile: () => void during.push(readAuditState()),
  });
  expect(events).toContainEqual(
    expect.objectContaining({ operation: "read", object: "/etc/shadow", source: "kernel" }),
  );
  for (const now of [...during, readAuditState()])
    expect({ ...now, lost: 0 }).toEqual({ ...theirs, lost: 0 });
  // The sentinel's denial and the one of /etc/shadow; other domains of this host may add theirs.
  expect(await said()).toBeGreaterThanOrEqual(2);
});

test("auditing that an audit daemon switched off stays off, and the run says so", async () => {
  const pid = await start(0);
  const { events } = await stage.run(["read", "/etc/shadow"]);
  expect(readAuditState()).toMatchObject({ daemon: pid, enabled: 0 });
  expect(events.map((event) => [event.class, event.operation])).toEqual([
    ["lifecycle", "unavailable"],
  ]);
});
