import { dirname } from "node:path";
import { type By, supershellUsed } from "../events/audit-catalogue.ts";
import type { Event, EventProcess } from "../events/event.ts";
import { type EventLog, openEventLog } from "../events/log/event-log.ts";
import type { Places } from "../host/places.ts";
import type { Level } from "../model/policy.ts";
import { RefusalPace } from "./refusal-pace.ts";

/** One use of `supershell`, or what would have been one. */
export interface Use {
  readonly domain: string;
  readonly number: number | null;
  readonly level: Level;
  readonly by: By;
  readonly process: EventProcess;
  /** null for a session. */
  readonly command: string | null;
  /** Where it was typed, and why, as far as that is known. */
  readonly terminal: string | null;
  readonly origin: string | null;
  readonly reason: string | null;
}

/** Tells the auditor of every use. */
export class SupershellLog {
  readonly #log: EventLog;
  readonly #refusals = new RefusalPace((event) => this.#log.append(event));

  /** Each record is tried at once: somebody waits for it. */
  constructor(places: Places) {
    this.#log = openEventLog(dirname(places.events), { retryMs: 0 });
  }

  /** Why it could not be written; null when it is. */
  tell(use: Use, what: string): string | null {
    this.#log.append(eventOf(use, what));
    return this.#log.problem;
  }

  /** Writes what was counted and what waits. */
  close(): void {
    this.#refusals.close();
    this.#log.close();
  }

  /** The same of one that was refused: a flood of these is counted. */
  refused(use: Use, why: string): string | null {
    this.#refusals.add(use.by.uid, eventOf(use, `refused, ${why}`));
    return this.#log.problem;
  }
}

function eventOf(use: Use, what: string): Event {
  const { domain, number, level, by } = use;
  return supershellUsed({ domain, number, level, by, what: `${what}: ${describe(use)}` }, use.process);
}

function describe({ command, terminal, origin, reason }: Use): string {
  const where = terminal === null ? "without a terminal" : `on ${terminal}`;
  const from = origin === null ? "" : `, from ${origin}`;
  const why = reason === null ? "" : `, reason: ${reason}`;
  return `${command ?? "a session"} (${where}${from}${why})`;
}
