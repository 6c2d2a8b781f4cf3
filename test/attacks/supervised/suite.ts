import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipUnless } from "../../support/skip.ts";
import {
  Arena,
  type Attacker,
  type AttackProgram,
  attackPrograms,
  BUILD_TIMEOUT_MS,
} from "../arena.ts";
import { refusedByThisKernel } from "../attacks.ts";
import { policies } from "../policy.ts";
import {
  eventsApart,
  type Rehearsal,
  rehearse,
  SERIES_TIMEOUT_MS,
  type Thread,
  type Tried,
  told,
} from "../rehearsal.ts";
import { Series } from "../series.ts";
import { type Difference, differences } from "./outcomes.ts";

type Level = "enforcing" | "warning";
const threads: readonly Thread[] = ["main", "thread"];

/**
 * Every attack of the suite against a supervised domain: at enforcing it is refused, at warning it
 * ends as it does unconfined, and is logged.
 */
export function supervisedSuite(attacker: Attacker): void {
  for (const policy of Object.keys(policies)) against(attacker, policy);
}

function against(attacker: Attacker, policy: string): void {
  describe(`as ${attacker.name} in the supervised domain of the ${policy}`, () => {
    const programs = attackPrograms().filter(
      (one) => one.policy === policy && (one.as === "both" || one.as === attacker.name),
    );
    const text = policies[policy] as (typeof policies)[string];
    let arena: Arena;
    let bare: Rehearsal;
    const seen = new Map<Level, Rehearsal>();
    beforeAll(async () => {
      arena = new Arena(attacker, `attacker-${attacker.name}-${process.pid}`);
      await arena.open((one) => text(one, { supervised: true, level: "warning" }));
      // The first start makes the plan and the log that some attacks are aimed at.
      const first = new Series(arena, { confined: true });
      await first.attack("read-secret", false);
      await first.end();
      bare = await rehearse(arena, programs, threads, (count) =>
        eventsApart(arena, `unconfined-${count}`, false),
      );
      for (const level of ["warning", "enforcing"] as const) {
        arena.write(text(arena, { supervised: true, level }));
        const startAs = (count: number) => eventsApart(arena, `${level}-${count}`, true);
        const { tried, events } = await rehearse(arena, programs, threads, startAs);
        seen.set(level, { tried, events: events.filter((event) => event.level === level) });
      }
    }, BUILD_TIMEOUT_MS + SERIES_TIMEOUT_MS);
    afterAll(() => arena.close());

    for (const program of programs) {
      const different =
        differences[`${program.name} as ${attacker.name}`] ?? differences[program.name];
      test(`${program.name}: ${program.title}`, (context) => {
        const unconfined = bare.tried.get(program.name) ?? {};
        const excuse = refusedByThisKernel[program.name];
        if (excuse !== undefined && unconfined.main?.status !== 0)
          skipUnless(context, false, excuse);
        const works = program.bare === "works" ? 0 : 1;
        expect(
          unconfined.main?.status,
          `unconfined it must end with ${works}: ${unconfined.main?.text}`,
        ).toBe(works);
        for (const thread of threads) {
          expectRefused(program, different, thread, seen.get("enforcing") as Rehearsal);
          expectAsUnconfined(
            program,
            different,
            thread,
            unconfined,
            seen.get("warning") as Rehearsal,
          );
        }
      });
    }
  });
}

function expectRefused(
  { name, event }: AttackProgram,
  different: Difference | undefined,
  thread: Thread,
  rehearsal: Rehearsal,
) {
  const found = rehearsal.tried.get(name)?.[thread];
  expect(found?.status, `at enforcing, ${thread}: ${found?.text}`).toBe(
    different?.enforcing?.status ?? 1,
  );
  const what = toldAs(event, different);
  if (what === null || different?.enforcing?.silent) return;
  expect(
    told(rehearsal, name, "denied", what),
    `denied ${what ?? "anything"} at enforcing`,
  ).toBeGreaterThanOrEqual(2);
}

function expectAsUnconfined(
  { name, event, bare }: AttackProgram,
  different: Difference | undefined,
  thread: Thread,
  unconfined: Tried,
  rehearsal: Rehearsal,
) {
  const found = rehearsal.tried.get(name)?.[thread];
  // What only a broker could be talked into has none at warning: the attempt may come to anything.
  if (bare === "refused") return;
  const known = different?.warning?.status;
  const expected =
    known === "either" ? expect.toBeOneOf([0, 1]) : (known ?? unconfined[thread]?.status);
  expect(found?.status, `at warning, ${thread}: ${found?.text}`).toEqual(expected);
  const what = toldAs(event, different);
  if (what === null) return;
  const verdict = different?.warning?.verdict ?? "warning";
  expect(
    told(rehearsal, name, verdict, what),
    `${verdict} ${what ?? "anything"} at warning`,
  ).toBeGreaterThanOrEqual(2);
}

/** `CLASS/OPERATION`; undefined if any will do, null if nothing is logged. */
function toldAs(event: string, different: Difference | undefined): string | null | undefined {
  if (different?.event !== undefined) return different.event;
  return /^(.*) (broker|kernel)$/.exec(event)?.[1];
}
