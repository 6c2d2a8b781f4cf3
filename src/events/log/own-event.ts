import type { Event } from "../event.ts";
import { stamp } from "../identity.ts";
import type { ChainNote, LoggedEvent } from "./record.ts";

/** An event of the log about itself. */
export function ownEvent(
  operation: "lost" | ChainNote["kind"],
  object: string,
  count: number,
  chain?: ChainNote,
): LoggedEvent {
  const event: Event = {
    ...stamp(),
    domain: "superDom",
    number: 0,
    level: "disabled",
    engine: "landlock",
    source: "log",
    verdict: "failed",
    class: "lifecycle",
    operation,
    object,
    request: null,
    process: { pid: process.pid, uid: process.geteuid?.() ?? null, comm: null, executable: null },
    rule: null,
    reason: null,
    allow: null,
    count,
  };
  return chain === undefined ? event : { ...event, chain };
}

export function chainWords(note: ChainNote): string {
  if (note.kind === "removed")
    return `records ${note.first} to ${note.last} with the oldest file, to make room`;
  switch (note.why) {
    case "torn":
      return "the log, after a line that its writer could not finish";
    case "altered":
      return "the log, after lines that no writer of the log wrote";
    case "truncated":
      return "the log, whose end was cut off";
    case "missing":
      return "the log, whose file was removed or replaced";
  }
}
