import type { Event, SupershellUse } from "./event.ts";

/**
 * For people: the outcome of a super shell, its command, terminal and reason. A command may imitate
 * the text after it, so programs read the event's members.
 */
export function supershellWords({ object, supershell }: Event): string {
  if (supershell === undefined) return object;
  const { terminal, origin, reason } = supershell;
  const where = terminal === null ? "without a terminal" : `on ${terminal}`;
  const from = origin === null ? "" : `, from ${origin}`;
  const given = reason === null ? "" : `, reason: ${reason}`;
  return `${phaseWords(supershell)}: ${object} (${where}${from}${given})`;
}

function phaseWords({ phase, why, status, seconds }: SupershellUse): string {
  if (phase === "ended") return `ended with status ${status} after ${seconds} s`;
  return phase === "refused" ? `refused, ${why}` : phase;
}
