import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Event } from "../../src/events/event.ts";
import { findControlGroups } from "../../src/kernel/probe/caller.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { type Act, Actor, buildActs, INHERITED } from "./self-protection/actor.ts";
import { kinds, onControlGroups, onOwnNames, onProcess, onSockets, onSwitches } from "./self-protection/acts.ts";
import { askAgent, HostAgent, holderOf, startLine, waitForProgram } from "./self-protection/confiner.ts";
import { type Way, ways, widePolicy } from "./self-protection/policy.ts";

const SETUP_MS = 60_000;
const isRoot = process.getuid?.() === 0;
let folder = "";
let program = "";
let agent: HostAgent | null = null;
let taken = false;
const scratch = (): string => join(folder, "scratch");

beforeAll(async () => {
  if (!isRoot) return;
  taken = (await askAgent()) !== null;
  if (taken) return;
  folder = mkdtempSync(join(tmpdir(), "cofferdam-self-"));
  chmodSync(folder, 0o755);
  mkdirSync(scratch());
  program = buildActs(folder);
  agent = await HostAgent.start();
}, SETUP_MS);
afterAll(async () => {
  await agent?.stop();
  if (folder !== "") rmSync(folder, { recursive: true });
});
beforeEach((context) => {
  needsRoot(context);
  skipUnless(context, !taken, "this host has an agent already, which no test may attack");
});

test("unconfined, every act succeeds on a stand-in", async () => {
  const victim = await Actor.start(program, [scratch()]);
  const actor = await Actor.start(program, [scratch()]);
  const onNames = kinds.flatMap(([kind, acts]) => acts.map((act): Act => [act, standIn(kind)]));
  for (const [act, object] of onNames) if (act.startsWith("connect")) await victim.does("serve", object);
  const { refused } = await actor.tries([...onProcess(victim.pid), ...onNames]);
  await actor.end();
  await victim.end();
  expect(refused).toEqual([]);
});

let stands = 0;
/** A new name for each act. */
function standIn(kind: string): string {
  const place = join(scratch(), `stand-in-${++stands}`);
  mkdirSync(place);
  const path = join(place, kind);
  if (kind === "file") writeFileSync(path, "x".repeat(4096));
  if (kind === "folder") mkdirSync(path);
  return path;
}

/** At level warning a name that leads through a link of /proc is not followed: they are refused by whom they reach. */
const refusedByPeers: ReadonlySet<string> = new Set(["connect-root", "connect-descriptor"]);

for (const way of ways) suite(way);

function suite(way: Way): void {
  const name = `self-${way.mediation}-${way.level}`;
  describe(`${way.mediation}, ${way.level}: whatever its policy grants, a root process of a domain`, () => {
    const policy = (): string => join(folder, `${name}.yaml`);
    const events = (): string => join(folder, `${name}.jsonl`);
    let inside: Actor;
    /** What must be in the log. */
    const tried: string[] = [];
    beforeAll(async () => {
      if (agent === null) return;
      writeFileSync(policy(), widePolicy(way, program, scratch()));
      inside = await Actor.start(...startLine(policy(), [program, scratch()], "--events", events()));
    }, SETUP_MS);
    afterAll(() => inside?.end());

    test("does nothing to agent, mediators, holders and collectors", async () => {
      // A run with a mediator of its own.
      const other = await Actor.start(...startLine(policy(), [program, scratch()], "--level", "warning"));
      const mediator = agent?.mediator ?? 0;
      const own = await waitForProgram("mediator.js", [mediator]);
      const collector = await waitForProgram("collector.js", []);
      const pids = [agent?.pid ?? 0, mediator, own, collector, holderOf(inside.pid), holderOf(other.pid)];
      expect(pids).not.toContain(0);
      tried.push(...pids.map((pid) => `process ${pid}`));
      const { done } = await inside.tries(pids.flatMap(onProcess));
      await other.end();
      expect(done).toEqual([]);
    });

    test("touches no file, folder or socket of Cofferdam's, and no control group", async () => {
      const groups = findControlGroups(readFileSync("/proc/self/mountinfo", "utf8"));
      const sockets = onSockets().filter(([act]) => way.level === "enforcing" || !refusedByPeers.has(act));
      const acts = [...onOwnNames(name, inside.pid, policy()), ...sockets, ...onControlGroups(groups)];
      const { done, refused } = await inside.tries(acts);
      // What is not there is not judged.
      tried.push(...refused.filter((text) => !text.endsWith("ENOENT")).map((text) => text.split(/ |: /)[1] ?? ""));
      expect(done).toEqual([]);
    });

    test("is sent away by the agent, however it comes to it", async () => {
      const control = "/run/cofferdam/control.sock";
      expect(await inside.does("ask-root", control)).toBe("EACCES");
      expect(await inside.does("ask-descriptor", control)).toBe("EACCES");
    });

    // What it began with at level warning it keeps.
    if (way.level === "enforcing")
      test("inherits nothing of Cofferdam's that was left open", async () => {
        const table = openSync("/run/cofferdam/table", "r+");
        const left = ["write", `/proc/self/fd/${INHERITED}`] as const;
        const outside = await Actor.start(program, [scratch()], table);
        const heir = await Actor.start(...startLine(policy(), [program, scratch()]), table);
        closeSync(table);
        const answers = [await outside.does(...left), await heir.does(...left)];
        await outside.end();
        await heir.end();
        expect(answers).toEqual(["ok", "ENOENT"]);
      });

    // At level warning that is logged, and goes on.
    if (way.level === "enforcing")
      test("throws no switch of the host's, and mounts nothing", async () => {
        const acts: Act[] = ["/run/cofferdam", "/etc", "/var/log/cofferdam", scratch()].map((path) => ["mount", path]);
        expect((await inside.tries([...onSwitches(), ...acts, ["setns", agent?.pid ?? 0]])).done).toEqual([]);
      });

    test("is told of in the log", async () => {
      await inside.end();
      const objects = readFileSync(events(), "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => (JSON.parse(line) as Event).object);
      const untold = tried.filter((object) => !objects.some((told) => told.includes(object)));
      expect(untold).toEqual([]);
    });
  });
}
