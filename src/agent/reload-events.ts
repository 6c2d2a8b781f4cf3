import type { Actor } from "../domains/levels.ts";
import { auditEvent, failedEvent } from "../events/audit-event.ts";
import type { Event } from "../events/event.ts";
import type { ReloadOutcome } from "../host/agent-answers.ts";
import type { DomainTable } from "./domain-table.ts";

/** Audit events of a requested reload. */
export function reloadEvents(
  outcomes: readonly ReloadOutcome[],
  table: DomainTable,
  by: Actor,
): readonly Event[] {
  return (
    outcomes
      // A name that never had a number is no domain but a typing error.
      .filter(
        ({ outcome, number }) =>
          outcome !== "unchanged" && !(outcome === "gone" && number === null),
      )
      .map((one) =>
        auditEvent(
          subjectOf(one, table),
          "reload",
          one.outcome === "bad" ? "refused: its file is broken" : one.outcome,
          by,
        ),
      )
  );
}

export function brokenEvent(one: ReloadOutcome, table: DomainTable): Event {
  return failedEvent(
    subjectOf(one, table),
    "load",
    "its file is broken: cofferdam check tells where",
  );
}

function subjectOf({ name, number }: ReloadOutcome, table: DomainTable) {
  const entry = table.get(name);
  return {
    domain: name,
    number,
    level: (entry === null ? null : table.levelOf(entry)) ?? "enforcing",
  } as const;
}
