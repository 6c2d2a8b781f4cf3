import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipUnless } from "../support/skip.ts";
import {
  Arena,
  type Attacker,
  type AttackProgram,
  attackPrograms,
  BUILD_TIMEOUT_MS,
} from "./arena.ts";
import { policies } from "./policy.ts";
import {
  eventsApart,
  type Rehearsal,
  rehearse,
  SERIES_TIMEOUT_MS,
  type Thread,
  told,
} from "./rehearsal.ts";

/**
 * Attacks that this kernel refuses by itself: they prove nothing here. A name not on this list must
 * work unconfined.
 */
export const refusedByThisKernel: Record<string, string> = {
  "alg-socket": "no AF_ALG in this kernel",
  sctp: "no SCTP in this kernel",
  smc: "no SMC in this kernel",
  x32: "no x32 table in this kernel",
  vsock: "no vsock in this kernel",
  "file-setattr": "no file_setattr(2) before Linux 6.17",
  "extent-cache": "no ext4 where temporary files lie",
  "pidfd-namespace": "no namespaces by pidfd before Linux 6.11",
  "inode-version": "no ext4 where temporary files lie",
  "landlock-log-off": "no flags of landlock_restrict_self(2) before Linux 6.15",
  "core-dump": "no core files on this host (kernel.core_pattern, ulimit -Hc)",
  "udp6-labelled": "no Mobile IPv6 in this kernel",
  "udp6-routed": "no Mobile IPv6 in this kernel",
  "ping-socket": "net.ipv4.ping_group_range is empty for root",
};

/** A part of the suite, for machines on which all of it takes too long. */
export interface Selection {
  readonly attacks: (program: AttackProgram) => boolean;
  /** From which threads an attack is tried. */
  readonly threads: readonly Thread[];
}

const everything: Selection = { attacks: () => true, threads: ["main", "thread"] };

/**
 * Every attack works unconfined, and fails in its domain, from the main thread and from another.
 */
export function attackSuite(attacker: Attacker, selection: Selection = everything): void {
  for (const policy of Object.keys(policies)) attacksOn(attacker, policy, selection);
}

/** What this attacker can try in that domain. */
export function attacksFor(
  attacker: Pick<Attacker, "name">,
  policy: string,
  { attacks }: Selection,
): AttackProgram[] {
  return attackPrograms()
    .filter(
      (program) =>
        program.policy === policy && (program.as === "both" || program.as === attacker.name),
    )
    .filter(attacks);
}

function attacksOn(attacker: Attacker, policy: string, selection: Selection): void {
  describe(`as ${attacker.name} in the domain of the ${policy}`, () => {
    const programs = attacksFor(attacker, policy, selection);
    let arena: Arena;
    let bare: Rehearsal;
    let confined: Rehearsal;
    beforeAll(async () => {
      arena = new Arena(attacker, `sealed-${attacker.name}-${process.pid}`);
      await arena.open(policies[policy] as (arena: Arena) => string);
      // The first start makes the plan and the log that some attacks are aimed at.
      arena.run("io-uring", { confined: true });
      bare = await rehearse(arena, programs, ["main"], () =>
        eventsApart(arena, "unconfined", false),
      );
      confined = await rehearse(arena, programs, selection.threads, () => ({ confined: true }));
    }, BUILD_TIMEOUT_MS + SERIES_TIMEOUT_MS);
    afterAll(() => arena.close());

    for (const program of programs) {
      test(`${program.name}: ${program.title}`, (context) => {
        const unconfined = bare.tried.get(program.name)?.main;
        const excuse = refusedByThisKernel[program.name];
        if (excuse !== undefined && unconfined?.status !== 0) skipUnless(context, false, excuse);
        const works = program.bare === "works" ? 0 : 1;
        expect(
          unconfined?.status,
          `unconfined the attack must end with ${works}: ${unconfined?.text}`,
        ).toBe(works);
        for (const thread of selection.threads) {
          const found = confined.tried.get(program.name)?.[thread];
          expect(found?.status, `confined, ${thread}: ${found?.text}`).toBe(
            program.event === "pinned" ? 0 : 1,
          );
        }
        const [, what, who] = /^(.*) (\S+)$/.exec(program.event) ?? [];
        if (who === "broker")
          expect(
            told(confined, program.name, "denied", what),
            `told of as ${what}`,
          ).toBeGreaterThanOrEqual(selection.threads.length);
      });
    }
  });
}
