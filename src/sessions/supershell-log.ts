import { dirname } from "node:path";
import { type By, supershellUsed } from "../events/audit-catalogue.ts";
import type { Event, EventProcess, SupershellUse } from "../events/event.ts";
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
  readonly where: Pick<SupershellUse, "terminal" | "origin" | "reason">;
}

/** What became of it. */
export type Outcome = Pick<SupershellUse, "phase" | "why" | "status" | "seconds">;

/** Tells the auditor of every use. */
export class SupershellLog {
  readonly #log: EventLog;
  readonly #refusals: RefusalPace;

  /** Each record is written at once: a user waits for it. */
  constructor(places: Places, failed: (error: unknown) => void) {
    this.#log = openEventLog(dirname(places.events), { retryMs: 0 });
    this.#refusals = new RefusalPace((event) => this.#log.append(event), failed);
  }

  /** Why it could not be written; null when it is. */
  tell(use: Use, outcome: Outcome): string | null {
    this.#log.append(eventOf(use, outcome));
    return this.#log.problem;
  }

  /** Writes what was counted and what waits. */
  close(): void {
    this.#refusals.close();
    this.#log.close();
  }

  /** The same of one that was refused: a flood of these is counted. */
  refused(use: Use, why: string): string | null {
    this.#refusals.add(use.by.uid, eventOf(use, { phase: "refused", why }));
    return this.#log.problem;
  }
}

function eventOf({ process, where, ...use }: Use, outcome: Outcome): Event {
  return supershellUsed({ ...use, use: { ...outcome, ...where } }, process);
}
