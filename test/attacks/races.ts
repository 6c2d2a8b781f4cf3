import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Arena, type Attacker, BUILD_TIMEOUT_MS, buildProgram, type Outcome } from "./arena.ts";
import { attackerPolicy } from "./policy.ts";

/**
 * Tries of each race. A mediator that reads a path twice loses path-unlink within a thousand, so
 * that more of them would hardly find what these do not; docs/attacks.md says how to make more.
 */
export const RACE_TRIES = 10_000;

/** Only the rights that the mediator uses differ between users: a few tries show that. */
export const OTHER_USER_TRIES = 2_000;

/** A brokered call costs tens of microseconds; 100,000 of them are far from this, milliseconds. */
const RACE_TIMEOUT_MS = 300_000;

/** Unconfined a try takes no time: fewer would be over before the other thread has begun. */
const BARE_TRIES = 100_000;

/** A busy machine may let one of the two threads run alone for all tries of a round. */
const ROUNDS_MAX = 20;

export interface Races {
  /** Below this folder, each with its number of tries. */
  readonly folders: Readonly<Record<string, number>>;
  readonly policy: (arena: Arena) => string;
}

/** Tries of each race, for every user and domain, if more or fewer are wanted. */
const wanted = process.env.COFFERDAM_RACES;

export interface Race {
  readonly source: string;
  readonly name: string;
  readonly title: string;
  readonly as: string;
  readonly tries: number;
}

function racesIn([folder, tries]: readonly [string, number]): Race[] {
  const place = path.join(import.meta.dirname, folder);
  return fs
    .readdirSync(place)
    .filter((file) => file.endsWith(".c"))
    .map((file) => {
      const source = path.join(place, file);
      const text = fs.readFileSync(source, "utf8");
      const field = (key: string) => new RegExp(`^// ${key}: (.*)$`, "m").exec(text)?.[1];
      return {
        source,
        name: path.basename(source, ".c"),
        title: field("title") ?? "",
        as: field("as") ?? "both",
        tries: Number(wanted ?? tries),
      };
    });
}

/** Those that an engine in the kernel meets, which no mediator stands before. */
export function kernelRaces(tries: number): readonly Race[] {
  return ["races", "supervised/races", "kernel-races"].flatMap((folder) =>
    racesIn([folder, tries]),
  );
}

/** Against the broker of a sealed domain. */
export function sealedRaces(attacker: Attacker, tries: number): void {
  raceSuite(attacker, { folders: { races: tries }, policy: attackerPolicy });
}

/** Runs the program's tries: outside once, in the domain until both values came up. */
export async function wonOutsideAlone(
  outside: () => Outcome | Promise<Outcome>,
  inside: () => Outcome | Promise<Outcome>,
): Promise<void> {
  const bare = await outside();
  expect(bare.status, `unconfined the race is won: ${bare.text}`).toBe(0);
  let [served, refused] = [0, 0];
  for (let round = 0; round < ROUNDS_MAX && Math.min(served, refused) === 0; round++) {
    const confined = await inside();
    expect(confined.status, confined.text).toBe(1);
    const counts = /served (\d+), refused (\d+)/.exec(confined.text);
    served += Number(counts?.[1]);
    refused += Number(counts?.[2]);
  }
  expect(served, "the granted value is served too, so the race is a race").toBeGreaterThan(0);
  expect(refused, "the other value is refused").toBeGreaterThan(0);
}

/** Each race is won unconfined, and never in the domain. */
export function raceSuite(attacker: Attacker, { folders, policy }: Races): void {
  describe(`races as ${attacker.name}`, () => {
    const races = Object.entries(folders)
      .flatMap(racesIn)
      .filter(({ as }) => as === "both" || as === attacker.name);
    let arena: Arena;
    beforeAll(async () => {
      arena = new Arena(attacker);
      for (const { source, name } of races)
        buildProgram(source, path.join(arena.bin, `race-${name}`));
      await arena.open(policy);
    }, BUILD_TIMEOUT_MS);
    afterAll(() => arena.close());

    for (const { name, title, tries } of races) {
      test(
        `${name}: ${title}`,
        async () => {
          const race = (confined: boolean, count: number) => {
            arena.reset();
            const environment = { ATTACK_TRIES: String(count) };
            const options = { confined, environment, timeoutMs: RACE_TIMEOUT_MS };
            return arena.run(`race-${name}`, options);
          };
          await wonOutsideAlone(
            () => race(false, BARE_TRIES),
            () => race(true, tries),
          );
        },
        2 * RACE_TIMEOUT_MS,
      );
    }
  });
}
