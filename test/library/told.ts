import type { Event } from "../../src/events/event.ts";

/** Of whichever process and thread it is. */
export const ofAnyProcess = (access: string): string =>
  access.replace(/\/proc\/\d+/, "/proc/self").replace(/(\/task)\/\d+/, "$1/N");

/** What an event says was asked for, without the numbers that each start has of its own. */
export function numberless({ operation, object }: Event): string {
  const same = ofAnyProcess(object)
    .replace(/@[0-9a-f]+\//, "@N/")
    // A port of the kernel's choice.
    .replace(/^((?:tcp|udp) .*:)(?:3[2-9]|[456]\d)\d{3}$/, "$1N");
  return `${operation} ${same}`;
}

export type Refused = "denied" | "warning";

/** Of a log: what a domain's policy does not grant, each once. */
export function toldOf(
  domain: string,
  log: string,
  verdicts: readonly Refused[] = ["denied", "warning"],
): readonly string[] {
  const lines = log.split("\n").filter((line) => line !== "");
  const events = lines.map((line) => JSON.parse(line) as Event);
  const told = events
    .filter((event) => event.domain === domain && verdicts.some((one) => one === event.verdict))
    .map(numberless);
  return [...new Set(told)].sort();
}
