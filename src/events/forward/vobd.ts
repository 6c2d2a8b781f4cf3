import type { Level } from "../../model/policy.ts";
import { type AuditKind, auditKind, auditSentence } from "../audit-catalogue.ts";
import type { Event } from "../event.ts";
import type { Item } from "./item.ts";
import { domainName } from "./vmkernel.ts";

const levelNumbers: Readonly<Record<Level, number>> = { enforcing: 0, warning: 1, disabled: 2 };

/**
 * Lines in the manner of vobd.log, each with its newline: what an auditor must see, first as the
 * observation, then as the event of that. Empty for everything else. The time in microseconds is
 * the host's since its start, as there.
 */
export function vobdLines({ event }: Item): string {
  const kind = auditKind(event);
  if (kind === null) return "";
  const head = `${event.time}: [UserLevelCorrelator] ${BigInt(event.monotonic) / 1_000n}us:`;
  return (
    `${head} [${kind.vob}] ${observation(event)}\n${head} [${kind.event}] ` +
    `${told(kind, event)}\n`
  );
}

function observation(event: Event): string {
  if (event.operation === "supershell") return `super shell for ${domainName(event)}`;
  const level = `${event.level} (${levelNumbers[event.level]})`;
  return event.operation === "level-changed"
    ? `${level} in force for ${domainName(event)}`
    : `${level} in force for all domains`;
}

/** The arguments in the original's order, then our own name and words. */
function told(kind: AuditKind, event: Event): string {
  const values = { domain: domainName(event), level: event.level };
  const given = kind.arguments.map((name) => `${name} ${values[name]}`);
  return [
    ...given,
    `${kind.name}: ${auditSentence(event).replace(/^audit: /, "")}`,
    `id ${event.id}`,
  ].join("; ");
}
