import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Arena, type Attacker, BUILD_TIMEOUT_MS, buildProgram } from "./arena.ts";
import { attackerPolicy } from "./policy.ts";

/** What the issue of a race is worth: fewer tries prove little. */
const TRIES = 100_000;
/** A brokered call costs tens of microseconds; this many milliseconds are far beyond 100,000 of them. */
const RACE_TIMEOUT_MS = 120_000;

const folder = path.join(import.meta.dirname, "races");

/** Each race is won unconfined, and never in the domain. */
export function raceSuite(attacker: Attacker): void {
  describe(`races as ${attacker.name}`, () => {
    let arena: Arena;
    beforeAll(async () => {
      arena = new Arena(attacker);
      for (const file of fs.readdirSync(folder).filter((name) => name.endsWith(".c"))) {
        buildProgram(path.join(folder, file), path.join(arena.folder, "bin", `race-${file.slice(0, -2)}`));
      }
      await arena.open(attackerPolicy);
    }, BUILD_TIMEOUT_MS);
    afterAll(() => arena.close());

    for (const file of fs.readdirSync(folder).filter((name) => name.endsWith(".c"))) {
      const title = /^\/\/ title: (.*)$/m.exec(fs.readFileSync(path.join(folder, file), "utf8"))?.[1] ?? "";
      test(
        `${file.slice(0, -2)}: ${title}`,
        () => {
          const environment = { ATTACK_TRIES: String(TRIES) };
          const options = { environment, timeoutMs: RACE_TIMEOUT_MS };
          arena.reset();
          const bare = arena.run(`race-${file.slice(0, -2)}`, { confined: false, ...options });
          expect(bare.status, `unconfined the race is won: ${bare.text}`).toBe(0);
          arena.reset();
          const confined = arena.run(`race-${file.slice(0, -2)}`, { confined: true, ...options });
          expect(confined.status, confined.text).toBe(1);
          const served = /served (\d+), refused (\d+)/.exec(confined.text);
          expect(Number(served?.[1]), "the granted value is served too, so the race is a race").toBeGreaterThan(0);
          expect(Number(served?.[2]), "the other value is refused").toBeGreaterThan(0);
        },
        RACE_TIMEOUT_MS + 10_000,
      );
    }
  });
}
