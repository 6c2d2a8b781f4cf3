import type { Level } from "../../model/policy.ts";
import { type AuditKind, auditKind, auditSentence } from "../audit-catalogue.ts";
import type { Event } from "../event.ts";
import type { Item } from "./item.ts";
import { domainName } from "./vmkernel.ts";

const levelNumbers: Readonly<Record<Level, number>> = { enforcing: 0, warning: 1, disabled: 2 };

/**
 * Lines of vobd.log: for each change that an auditor must see an observation, then its event. Empty
 * for everything else. The time is the host's uptime in microseconds, as in ESXi.
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

/** The arguments in ESXi's order, then Cofferdam's own name and words. */
function told(kind: AuditKind, event: Event): string {
  const values = { domain: domainName(event), level: event.level };
  const given = kind.arguments.map((name) => `${name} ${values[name]}`);
  return [
    ...given,
    `${kind.name}: ${auditSentence(event).replace(/^audit: /, "")}`,
    `id ${event.id}`,
  ].join("; ");
}
