import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipUnless } from "../support/skip.ts";
import { Arena, type Attacker, type AttackProgram, attackPrograms, BUILD_TIMEOUT_MS } from "./arena.ts";
import { policies } from "./policy.ts";

/** Attacks that this kernel refuses by itself: they prove nothing here. A name not on this list must work unconfined. */
export const refusedByThisKernel: Record<string, string> = {
  "alg-socket": "no AF_ALG in this kernel",
  sctp: "no SCTP in this kernel",
  smc: "no SMC in this kernel",
  x32: "no x32 table in this kernel",
  vsock: "no vsock in this kernel",
  "file-setattr": "no file_setattr(2) before Linux 6.17",
  "inode-version": "no ext4 where temporary files lie",
  "ping-socket": "net.ipv4.ping_group_range is empty for root",
};

/** A part of the suite, for machines on which all of it takes too long. */
export interface Selection {
  readonly attacks: (program: AttackProgram) => boolean;
  /** Whether an attack is tried from a second thread, for each try. */
  readonly threads: readonly boolean[];
}

const everything: Selection = { attacks: () => true, threads: [false, true] };

/** Every attack works unconfined, and fails in its domain, from the main thread and from another. */
export function attackSuite(attacker: Attacker, selection: Selection = everything): void {
  for (const policy of Object.keys(policies)) attacksOn(attacker, policy, selection);
}

/** What this attacker can try in that domain. */
export function attacksFor(attacker: Pick<Attacker, "name">, policy: string, { attacks }: Selection): AttackProgram[] {
  return attackPrograms()
    .filter((program) => program.policy === policy && (program.as === "both" || program.as === attacker.name))
    .filter(attacks);
}

function attacksOn(attacker: Attacker, policy: string, selection: Selection): void {
  describe(`as ${attacker.name} in the domain of the ${policy}`, () => {
    let arena: Arena;
    beforeAll(async () => {
      arena = new Arena(attacker);
      await arena.open(policies[policy] as (arena: Arena) => string);
      // The first start makes the plan and the log that some attacks are aimed at.
      arena.run("io-uring", { confined: true });
    }, BUILD_TIMEOUT_MS);
    afterAll(() => arena.close());

    for (const program of attacksFor(attacker, policy, selection)) {
      test(`${program.name}: ${program.title}`, (context) => {
        arena.reset();
        const bare = arena.run(program.name, { confined: false });
        const excuse = refusedByThisKernel[program.name];
        if (excuse !== undefined && bare.status !== 0) skipUnless(context, false, excuse);
        const expected = program.bare === "works" ? 0 : 1;
        expect(bare.status, `unconfined the attack must end with ${expected}: ${bare.text}`).toBe(expected);
        for (const thread of selection.threads) attempt(arena, program, thread);
      });
    }
  });
}

function attempt(arena: Arena, program: AttackProgram, thread: boolean): void {
  arena.reset();
  const before = logSize(arena);
  const outcome = arena.run(program.name, { confined: true, thread });
  expect(outcome.status, `confined, ${thread ? "second" : "main"} thread: ${outcome.text}`).toBe(
    program.event === "pinned" ? 0 : 1,
  );
  const [, what, who] = /^(.*) (\S+)$/.exec(program.event) ?? [];
  if (who !== "broker") return;
  const events = fs
    .readFileSync(arena.log)
    .subarray(before)
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
    .filter((event) => event.domain === "attacker")
    .map((event) => `${event.class}/${event.operation === "call" ? event.object : event.operation}`);
  expect(events, `the refusal is logged, as one of: ${events.join(", ")}`).toContain(what);
}

function logSize(arena: Arena): number {
  return fs.existsSync(arena.log) ? fs.statSync(arena.log).size : 0;
}
