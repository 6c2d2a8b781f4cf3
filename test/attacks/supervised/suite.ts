import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Event } from "../../../src/events/event.ts";
import { skipUnless } from "../../support/skip.ts";
import { Arena, type Attacker, type AttackProgram, attackPrograms, BUILD_TIMEOUT_MS } from "../arena.ts";
import { refusedByThisKernel } from "../attacks.ts";
import { policies } from "../policy.ts";
import { type Attempted, Series, type Start } from "../series.ts";
import { type Difference, differences } from "./outcomes.ts";

/** A hundred attacks, each several times, on a slow machine, in milliseconds. */
const SERIES_TIMEOUT_MS = 600_000;
/** The mediator writes what it counted at its end, milliseconds. */
const LAST_EVENTS_MS = 60_000;

type Level = "enforcing" | "warning";
type Tried = Readonly<Record<"main" | "thread", Attempted>>;
interface Rehearsal {
  readonly tried: ReadonlyMap<string, Tried>;
  readonly events: readonly Event[];
}

/** Every attack of the suite against a supervised domain: at enforcing it is refused, at warning it ends as it does unconfined, and is told of. */
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
      bare = await rehearse(arena, programs, null);
      for (const level of ["warning", "enforcing"] as const) {
        arena.write(text(arena, { supervised: true, level }));
        seen.set(level, await rehearse(arena, programs, level));
      }
    }, BUILD_TIMEOUT_MS + SERIES_TIMEOUT_MS);
    afterAll(() => arena.close());

    for (const program of programs) {
      const different = differences[`${program.name} as ${attacker.name}`] ?? differences[program.name];
      test(`${program.name}: ${program.title}`, (context) => {
        const unconfined = bare.tried.get(program.name) as Tried;
        const excuse = refusedByThisKernel[program.name];
        if (excuse !== undefined && unconfined.main.status !== 0) skipUnless(context, false, excuse);
        const works = program.bare === "works" ? 0 : 1;
        expect(unconfined.main.status, `unconfined it must end with ${works}: ${unconfined.main.text}`).toBe(works);
        for (const thread of ["main", "thread"] as const) {
          expectRefused(program, different, thread, seen.get("enforcing") as Rehearsal);
          expectAsUnconfined(program, different, thread, unconfined, seen.get("warning") as Rehearsal);
        }
      });
    }
  });
}

function expectRefused(
  { name, event }: AttackProgram,
  different: Difference | undefined,
  thread: keyof Tried,
  { tried, events }: Rehearsal,
) {
  const { status, text } = (tried.get(name) as Tried)[thread];
  expect(status, `at enforcing, ${thread}: ${text}`).toBe(different?.enforcing?.status ?? 1);
  const what = toldAs(event, different);
  if (what === null || different?.enforcing?.silent) return;
  expect(told(events, name, "denied", what), `denied ${what ?? "anything"} at enforcing`).toBeGreaterThanOrEqual(2);
}

function expectAsUnconfined(
  { name, event, bare }: AttackProgram,
  different: Difference | undefined,
  thread: keyof Tried,
  unconfined: Tried,
  { tried, events }: Rehearsal,
) {
  const { status, text } = (tried.get(name) as Tried)[thread];
  // What only a broker could be talked into has none at warning: the attempt may come to anything.
  if (bare === "refused") return;
  expect(status, `at warning, ${thread}: ${text}`).toBe(different?.warning?.status ?? unconfined[thread].status);
  const what = toldAs(event, different);
  if (what === null) return;
  const verdict = different?.warning?.verdict ?? "warning";
  expect(told(events, name, verdict, what), `${verdict} ${what ?? "anything"} at warning`).toBeGreaterThanOrEqual(2);
}

/** `CLASS/OPERATION`; undefined where anything will do, null where nothing is told. */
function toldAs(event: string, different: Difference | undefined): string | null | undefined {
  if (different?.event !== undefined) return different.event;
  return /^(.*) (broker|kernel)$/.exec(event)?.[1];
}

/** How often the program's attempts became such events. */
function told(events: readonly Event[], name: string, verdict: string, what: string | undefined): number {
  return events
    .filter((event) => event.verdict === verdict && event.process.executable?.endsWith(`/bin/${name}`))
    .filter(
      (event) =>
        what === undefined || what === `${event.class}/${event.operation === "call" ? event.object : event.operation}`,
    )
    .reduce((sum, { count }) => sum + count, 0);
}

/** Unconfined the event log is another file: that of the host is everybody's. */
function startAt(arena: Arena, level: Level | null, count: number): Start {
  const file = path.join(arena.scratch, `${level ?? "unconfined"}-${count}.jsonl`);
  if (level !== null) return { confined: true, events: file };
  fs.writeFileSync(file, "");
  fs.chownSync(file, arena.attacker.uid, arena.attacker.uid);
  return { confined: false, environment: { ATTACK_LOG: file } };
}

async function untilOver(arena: Arena, series: Series): Promise<void> {
  const until = Date.now() + LAST_EVENTS_MS;
  while ((arena.isRunning || series.isCollecting) && Date.now() < until) await sleep(20);
  expect(arena.isRunning, "the run ends with its last process").toBe(false);
  expect(series.isCollecting, "the events of the run are written after its end").toBe(false);
}

/** Each attack from the main thread and from another, all in one start of the domain but for those that change what comes after them. */
async function rehearse(arena: Arena, programs: readonly AttackProgram[], level: Level | null): Promise<Rehearsal> {
  const tried = new Map<string, Tried>();
  const together = [
    programs.filter(({ alone }) => !alone),
    ...programs.filter(({ alone }) => alone).map((one) => [one]),
  ];
  const all: Event[] = [];
  for (const some of together) {
    for (const thread of some[0]?.alone ? (["main", "thread"] as const) : (["both"] as const)) {
      const series = new Series(arena, startAt(arena, level, all.length));
      for (const { name } of some) {
        const known: Partial<Tried> = tried.get(name) ?? {};
        const now: Record<string, Attempted> = { ...known };
        for (const one of thread === "both" ? (["main", "thread"] as const) : [thread]) {
          arena.reset();
          now[one] = await series.attack(name, one === "thread");
        }
        tried.set(name, now as Tried);
      }
      await series.end();
      if (level === null) continue;
      // Written by the mediator at its end: what was repeated, and what this attack of the last one left.
      await untilOver(arena, series);
      all.push(...series.events().filter((event) => event.level === level));
    }
  }
  return { tried, events: all };
}
