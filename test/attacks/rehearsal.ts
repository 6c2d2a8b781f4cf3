import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { Event } from "../../src/events/event.ts";
import type { Arena, AttackProgram } from "./arena.ts";
import { type Attempted, Series, type Start } from "./series.ts";

/** A hundred attacks, each several times, on a slow or emulated machine, in milliseconds. */
export const SERIES_TIMEOUT_MS = 600_000;
/** The mediator writes what it counted at its end, milliseconds. */
const LAST_EVENTS_MS = 60_000;

export type Thread = "main" | "thread";
export type Tried = Readonly<Partial<Record<Thread, Attempted>>>;

/** The result of each attack, and the events of all of them. */
export interface Rehearsal {
  readonly tried: ReadonlyMap<string, Tried>;
  readonly events: readonly Event[];
}

/**
 * Each attack, from each of the threads, in one start of the domain except for those that affect
 * later ones.
 */
export async function rehearse(
  arena: Arena,
  programs: readonly AttackProgram[],
  threads: readonly Thread[],
  startAs: (count: number) => Start,
): Promise<Rehearsal> {
  const tried = new Map<string, Tried>();
  const events: Event[] = [];
  for (const attempts of starts(programs, threads)) {
    const start = startAs(events.length);
    const series = new Series(arena, start);
    for (const { name, thread } of attempts) {
      arena.reset();
      tried.set(name, {
        ...tried.get(name),
        [thread]: await series.attack(name, thread === "thread"),
      });
    }
    await series.end();
    if (!start.confined) continue;
    // Written by the mediator at its end: what was repeated, and what this attack of the last one
    // left.
    await untilOver(arena, series);
    events.push(...series.events());
  }
  return { tried, events };
}

interface Attempt {
  readonly name: string;
  readonly thread: Thread;
}

/** What is tried in one start after the other. */
function starts(programs: readonly AttackProgram[], threads: readonly Thread[]): Attempt[][] {
  const attempts = ({ name }: AttackProgram) => threads.map((thread) => ({ name, thread }));
  const together = programs.filter(({ alone }) => !alone).flatMap(attempts);
  const alone = programs.filter((program) => program.alone).flatMap(attempts);
  return [together, ...alone.map((one) => [one])].filter(({ length }) => length > 0);
}

async function untilOver(arena: Arena, series: Series): Promise<void> {
  const until = Date.now() + LAST_EVENTS_MS;
  while ((arena.isRunning || series.isCollecting) && Date.now() < until) await sleep(20);
  expect(arena.isRunning, "the run ends with its last process").toBe(false);
  expect(series.isCollecting, "the events of the run are written after its end").toBe(false);
}

/**
 * How often the program's attempts became such events; `what`: `CLASS/OPERATION`, undefined where
 * anything will do.
 */
export function told(
  { events }: Rehearsal,
  program: string,
  verdict: Event["verdict"],
  what: string | undefined,
): number {
  return events
    .filter((event) => event.verdict === verdict && isOf(event, program))
    .filter((event) => what === undefined || what === kindOf(event))
    .reduce((sum, { count }) => sum + count, 0);
}

/**
 * A record of the cgroup programs is read a moment later: of a process that has ended by then the
 * kernel's short name is all that is left (TASK_COMM_LEN, with its NUL). Events of another name are
 * not counted with it (`Fold`).
 */
function isOf({ process: { executable, comm } }: Event, program: string): boolean {
  return executable === null
    ? comm === program.slice(0, COMM_LENGTH_MAX)
    : executable.endsWith(`/bin/${program}`);
}

/** Bytes of a thread's name (TASK_COMM_LEN, without its NUL). */
const COMM_LENGTH_MAX = 15;

function kindOf(event: Event): string {
  return `${event.class}/${event.operation === "call" ? event.object : event.operation}`;
}

/**
 * The place of a start's events, to which nothing else writes: a collector's file, or unconfined a
 * file that is attacked as if it were the log.
 */
export function eventsApart(arena: Arena, name: string, confined: boolean): Start {
  const file = path.join(arena.scratch, `${name}.jsonl`);
  if (confined) return { confined, events: file };
  fs.writeFileSync(file, "");
  fs.chownSync(file, arena.attacker.uid, arena.attacker.uid);
  return { confined, environment: { ATTACK_LOG: file } };
}
