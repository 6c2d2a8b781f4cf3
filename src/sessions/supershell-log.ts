import { dirname } from "node:path";
import { type By, supershellUsed } from "../events/audit-catalogue.ts";
import type { Event, EventProcess, SupershellUse } from "../events/event.ts";
import { type EventLog, openEventLog } from "../events/log/event-log.ts";
import type { Places } from "../host/places.ts";
import type { Level } from "../model/policy.ts";
import { RefusalPace } from "./refusal-pace.ts";

/** One use of `supershell`, allowed or refused. */
export interface Use {
  readonly domain: string;
  readonly number: number | null;
  readonly level: Level;
  readonly by: By;
  readonly process: EventProcess;
  /** null for an interactive session. */
  readonly command: string | null;
  readonly where: Pick<SupershellUse, "terminal" | "origin" | "reason">;
}

export type Outcome = Pick<SupershellUse, "phase" | "why" | "status" | "seconds">;

/** Writes every use to the event log, for the auditor. */
export class SupershellLog {
  readonly #log: EventLog;
  readonly #refusals: RefusalPace;

  /** Writes each record at once, because a user waits for the outcome. */
  constructor(places: Places, failed: (error: unknown) => void) {
    this.#log = openEventLog(dirname(places.events), { retryMs: 0 });
    this.#refusals = new RefusalPace((event) => this.#log.append(event), failed);
  }

  /** The reason why the record could not be written; null if it was. */
  tell(use: Use, outcome: Outcome): string | null {
    this.#log.append(eventOf(use, outcome));
    return this.#log.problem;
  }

  close(): void {
    this.#refusals.close();
    this.#log.close();
  }

  /** As `tell`, for a refusal: a flood of refusals is counted, not recorded one by one. */
  refused(use: Use, why: string): string | null {
    this.#refusals.add(use.by.uid, eventOf(use, { phase: "refused", why }));
    return this.#log.problem;
  }
}

function eventOf({ process, where, ...use }: Use, outcome: Outcome): Event {
  return supershellUsed({ ...use, use: { ...outcome, ...where } }, process);
}
