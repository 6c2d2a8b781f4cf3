/**
 * Everything that a hostile root in a domain of the bpf-lsm engine tries on Cofferdam, whose
 * policy grants all that a policy can say. Natively, where the other engine holds it:
 * test/attacks/self-protection.host.test.ts, which also tries each act on a stand-in outside.
 */
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeEngineSetting } from "../../../src/host/engine.ts";
import { places as placesOf } from "../../../src/host/places.ts";
import { findControlGroups } from "../../../src/kernel/probe/caller.ts";
import { type Act, Actor, INHERITED } from "../../attacks/self-protection/actor.ts";
import {
  onControlGroups,
  onOwnNames,
  onProcess,
  onSockets,
  onSwitches,
} from "../../attacks/self-protection/acts.ts";
import { waitForProgram } from "../../attacks/self-protection/confiner.ts";
import { widePolicy } from "../../attacks/self-protection/policy.ts";
import { DOMAINS, hideShipped, home, Lsm, showShipped } from "./lsm-arena.ts";
import { endServers, RunningAgent } from "./running-agent.ts";

const FOLDER = "/tmp/lsm-self";
const SCRATCH = `${FOLDER}/scratch`;
const places = placesOf({ uid: 0, env: {}, home });
const levels = ["enforcing", "warning"] as const;
const programOf = (level: string) => `${FOLDER}/acts-${level}`;
const policyOf = (level: string) => join(DOMAINS, `self-${level}.yaml`);

/** By the first word of an act: what comes to `ok` all the same. */
const excused: ReadonlyMap<string, string> = new Map([
  ["signal-group", "others are in the agent's group, too"],
  ["owner", "who is to get a signal is asked when there is one: lsm-others.ts"],
  ["owner-ex", "the same"],
  ["owner-ioctl", "the same"],
  ["limits", "are read"],
  ["oom-score", "the policy grants the name below /proc"],
  ["oom-score-by-thread", "the same"],
  ["coredump-filter", "the same"],
  ["clear-refs", "the same"],
]);
/** At warning a domain may do to Cofferdam's processes what it may to all others, but signals. */
const ofSignals = /^(?:signal|queue|pidfd\b)/;

function isExcused(done: string, level: string): boolean {
  const [act = ""] = done.split(" ");
  return excused.has(act) || (level === "warning" && !ofSignals.test(act));
}

let lsm: Lsm;
let agent: RunningAgent;

beforeAll(async () => {
  lsm = new Lsm();
  hideShipped();
  for (const folder of [DOMAINS, SCRATCH, dirname(places.system.numbers)])
    fs.mkdirSync(folder, { recursive: true });
  for (const level of levels) {
    const program = programOf(level);
    fs.copyFileSync("/vm/acts", program);
    const text = widePolicy({ mediation: "supervised", level }, program, SCRATCH);
    fs.writeFileSync(policyOf(level), `${text}enter: [{ exec: ${program} }]\n`);
  }
  writeEngineSetting(places, "bpf-lsm");
  // Names that are tried.
  for (const folder of ["plans", "runs", "live"])
    fs.mkdirSync(join("/run/cofferdam", folder), { recursive: true });
  agent = new RunningAgent();
  await agent.isReady();
});

afterAll(async () => {
  await agent.end("SIGTERM");
  endServers(places);
  writeEngineSetting(places, "landlock");
  for (const level of levels) fs.rmSync(policyOf(level));
  showShipped();
});

for (const level of levels)
  describe(level, () => {
    let inside: Actor;
    beforeAll(async () => {
      inside = await Actor.start(programOf(level), [SCRATCH]);
    });
    afterAll(() => inside.end());

    test("does nothing to the agent and what it keeps alive", async () => {
      const entry = lsm.engine.executables().find(({ path }) => path === programOf(level));
      expect(lsm.engine.labels.domainOf(inside.pid)).toBe(entry?.into);
      expect(entry?.into).toBeGreaterThan(0);
      const names = ["mediator.js", "kernel-collector.js"];
      const pids = [agent.pid, ...(await Promise.all(names.map((name) => waitForProgram(name))))];
      const { done } = await inside.tries(pids.flatMap(onProcess));
      expect(done.filter((text) => !isExcused(text, level))).toEqual([]);
    });

    test("touches no file, folder or socket of Cofferdam's, and no control group", async () => {
      const groups = findControlGroups(fs.readFileSync("/proc/self/mountinfo", "utf8"));
      const names = onOwnNames(`self-${level}`, inside.pid, policyOf(level));
      const { done } = await inside.tries([...names, ...onSockets(), ...onControlGroups(groups)]);
      expect(done).toEqual([]);
    });

    test("agent and mediator send it away, also from a connection that it had", async () => {
      const control = places.system.control;
      for (const act of ["ask-root", "ask-descriptor"])
        expect(await inside.does(act, control)).toBe("EACCES");
      for (const [socket, act, answer] of [
        [control, "ask-held", "EACCES"],
        [places.system.mediatorSocket, "hand-held", "EPIPE"],
      ] as const) {
        const heir = await Actor.start("/vm/acts", ["--connected", socket, programOf(level)]);
        expect(lsm.engine.labels.domainOf(heir.pid)).toBeGreaterThan(0);
        expect(await heir.does(act, INHERITED), act).toBe(answer);
        await heir.end();
      }
    });

    // At level warning that is logged, and goes on.
    if (level === "enforcing")
      test("throws no switch of the host's, and mounts nothing", async () => {
        const mounts = ["/run/cofferdam", "/etc", "/var/log/cofferdam", SCRATCH].map(
          (path): Act => ["mount", path],
        );
        const acts = [...onSwitches(), ...mounts, ["setns", agent.pid] as const];
        expect((await inside.tries(acts)).done).toEqual([]);
      });
  });
