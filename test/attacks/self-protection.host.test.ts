import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { PUBLIC_FOLDER } from "../../src/base/modes.ts";
import type { Event } from "../../src/events/event.ts";
import { findControlGroups } from "../../src/kernel/probe/caller.ts";
import { MEDIATOR_SOCKET } from "../../src/mediate/shared/place.ts";
import { standByOf } from "../mediate/mediators.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { type Act, Actor, buildActs, buildFuse, INHERITED } from "./self-protection/actor.ts";
import {
  kinds,
  onControlGroups,
  onOwnNames,
  onProcess,
  onSockets,
  onSwitches,
} from "./self-protection/acts.ts";
import {
  askAgent,
  HostAgent,
  holderOf,
  startLine,
  waitForProgram,
  workerOf,
} from "./self-protection/confiner.ts";
import { type Way, ways, widePolicy } from "./self-protection/policy.ts";

const SETUP_MS = 60_000;
/** To each, with a descriptor in each. */
const MESSAGES = 64;
const isRoot = process.getuid?.() === 0;
let folder = "";
let program = "";
let fuse = "";
let agent: HostAgent | null = null;
let taken = false;
const scratch = (): string => join(folder, "scratch");

beforeAll(async () => {
  if (!isRoot) return;
  taken = (await askAgent()) !== null;
  if (taken) return;
  folder = scratchFolder("self", { mode: PUBLIC_FOLDER });
  mkdirSync(scratch());
  mkdirSync(join(folder, "slow"));
  program = buildActs(folder);
  fuse = buildFuse(folder);
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
  for (const [act, object] of onNames)
    if (/^(connect|pass)/.test(act)) await victim.does("serve", object);
  const { refused } = await actor.tries([...onProcess(victim.pid), ...onNames]);
  await actor.end();
  await victim.end();
  expect(refused).toEqual([]);
});

test("what comes with messages that are none is not kept, however much", async () => {
  const outside = await Actor.start(program, [scratch()]);
  const pids = [agent?.pid ?? 0, agent?.mediator ?? 0];
  const counts = () => pids.map((pid) => readdirSync(`/proc/${pid}/fd`).length);
  const before = counts();
  for (let i = 0; i < MESSAGES; i++)
    await outside.tries([
      ["pass", "/run/cofferdam/control.sock"],
      ["pass-packets", "/run/cofferdam/mediator.sock"],
    ]);
  await outside.end();
  // A mediator that has just started still opens some for itself.
  const grown = () => Math.max(...counts().map((now, at) => now - (before[at] ?? 0)));
  await expect.poll(grown).toBeLessThan(MESSAGES);
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

/**
 * At level warning a name that leads through a link of /proc is not resolved: the service that it
 * reaches refuses it.
 */
const refusedByPeers: ReadonlySet<string> = new Set(["connect-root", "connect-descriptor"]);

for (const way of ways) suite(way);

function suite(way: Way): void {
  const name = `self-${way.mediation}-${way.level}`;
  describe(`${way.mediation}, ${way.level}: whatever its policy grants, a domain's root`, () => {
    const policy = (): string => join(folder, `${name}.yaml`);
    const events = (): string => join(folder, `${name}.jsonl`);
    let inside: Actor;
    /** What must be in the log. */
    const tried: string[] = [];
    beforeAll(async () => {
      if (agent === null) return;
      writeFileSync(policy(), widePolicy(way, program, scratch()));
      inside = await Actor.start(
        ...startLine(policy(), [program, scratch()], "--events", events()),
      );
    }, SETUP_MS);
    afterAll(() => inside?.end());

    test("does nothing to agent, mediators, holders and collectors", async () => {
      // A run with a mediator of its own, on a host with a slow file system.
      const slow = join(folder, "slow");
      const line = startLine(policy(), [program, scratch()], "--level", "warning").flat();
      const other = await Actor.start(fuse, [slow, ...line]);
      const mediator = agent?.mediator ?? 0;
      const own = await waitForProgram("mediator.js", "own");
      // It comes with the first domain that is served.
      const standBy = standByOf(MEDIATOR_SOCKET);
      const collector = await waitForProgram("collector.js");
      expect(await other.does("make-folder", join(slow, "dir", way.mediation + way.level))).toBe(
        "ok",
      );
      const pids = [
        agent?.pid ?? 0,
        mediator,
        ...(standBy === null ? [] : [standBy]),
        own,
        await workerOf(own),
        collector,
        holderOf(inside.pid),
        holderOf(other.pid),
      ];
      expect(pids).not.toContain(0);
      tried.push(...pids.map((pid) => `process ${pid}`));
      const { done } = await inside.tries(pids.flatMap(onProcess));
      await other.end();
      expect(done).toEqual([]);
    });

    test("touches no file, folder or socket of Cofferdam's, and no control group", async () => {
      const groups = findControlGroups(readFileSync("/proc/self/mountinfo", "utf8"));
      const sockets = onSockets().filter(
        ([act]) => way.level === "enforcing" || !refusedByPeers.has(act),
      );
      const acts = [
        ...onOwnNames(name, inside.pid, policy()),
        ...sockets,
        ...onControlGroups(groups),
      ];
      const { done, refused } = await inside.tries(acts);
      // What is not there is not judged.
      tried.push(
        ...refused
          .filter((text) => !text.endsWith("ENOENT"))
          .map((text) => text.split(/ |: /)[1] ?? ""),
      );
      expect(done).toEqual([]);
    });

    test("is sent away by the agent, however it comes to it", async () => {
      const control = "/run/cofferdam/control.sock";
      expect(await inside.does("ask-root", control)).toBe("EACCES");
      expect(await inside.does("ask-descriptor", control)).toBe("EACCES");
    });

    test.each([
      ["control.sock", "ask-held", "EACCES"],
      ["mediator.sock", "hand-held", "EPIPE"],
    ])(
      "gets nothing by a connection to %s that was its own before",
      async (socket, act, answer) => {
        const command = startLine(policy(), [program, scratch()]).flat();
        const heir = await Actor.start(program, [
          "--connected",
          `/run/cofferdam/${socket}`,
          ...command,
        ]);
        const result = await heir.does(act, INHERITED);
        await heir.end();
        expect(result).toBe(way.level === "enforcing" ? "EBADF" : answer);
      },
    );

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
        const acts: Act[] = ["/run/cofferdam", "/etc", "/var/log/cofferdam", scratch()].map(
          (path) => ["mount", path],
        );
        expect(
          (await inside.tries([...onSwitches(), ...acts, ["setns", agent?.pid ?? 0]])).done,
        ).toEqual([]);
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
