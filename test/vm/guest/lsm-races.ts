/** The races of test/attacks against the bpf-lsm engine, as root and as an ordinary user. */
import * as path from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { Arena, buildProgram } from "../../attacks/arena.ts";
import { racePolicy } from "../../attacks/policy.ts";
import { kernelRaces, type Race, wonOutsideAlone } from "../../attacks/races.ts";
import { attackers } from "../attackers.ts";
import { Lsm, policyOfFile, runs } from "./lsm-arena.ts";

/** Of each race, per round. */
const TRIES = 10_000;
/** Unconfined, until the race is won: an emulator seldom runs both threads at once. */
const BARE_TRIES = 200_000;
/** One round, in milliseconds. */
const ROUND_MS = 600_000;

const races = kernelRaces(TRIES);

for (const [at, name] of (["root", "user"] as const).entries())
  describe(`as ${name}`, () => {
    const attacker = { name, uid: attackers[name] };
    const domain = 60 + at;
    const own = races.filter(({ as }) => as === "both" || as === name);
    let arena: Arena;
    let lsm: Lsm;
    beforeAll(async () => {
      arena = new Arena(attacker, `races-${name}`);
      for (const race of own) buildProgram(race.source, programOf(race));
      await arena.open(racePolicy);
      lsm = new Lsm();
      const policy = policyOfFile(arena.policy, []);
      lsm.domain(domain, "enforcing", policy.names, policy);
    });
    afterAll(() => arena.close());

    const programOf = (race: Race) => path.join(arena.bin, `race-${race.name}`);

    async function attempt(race: Race, tries: number, into: number | null) {
      arena.reset();
      const { status, out, err } = await runs([programOf(race)], {
        ...{ uid: attacker.uid, gid: attacker.uid, timeout: ROUND_MS },
        env: arena.environment({ environment: { ATTACK_TRIES: String(tries) } }),
        adopt: (pid) => into !== null && lsm.engine.labels.adopt(into, () => [pid]),
      });
      return { status, text: out + err };
    }

    for (const race of own)
      test(`${race.name}: ${race.title}`, async () => {
        await wonOutsideAlone(
          () => attempt(race, BARE_TRIES, null),
          () => attempt(race, TRIES, domain),
        );
      });
  });
