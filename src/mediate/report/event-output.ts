import type { Event } from "../../events/event.ts";
import { type EventLog, openEventLog } from "../../events/log/event-log.ts";

/** Where a mediator's events go. Nothing here throws or waits for long. */
export interface EventOutput {
  append(event: Event): void;
  /** Tries again what could not be written; true while anything is left. */
  flush(): boolean;
  close(): void;
}

/** By folder: domains that log to the same place share a writer. */
const logs = new Map<string, { readonly log: EventLog; users: number }>();

/** The event log in `folder`. */
export function logOutput(folder: string): EventOutput {
  const shared = logs.get(folder) ?? { log: openEventLog(folder), users: 0 };
  shared.users += 1;
  logs.set(folder, shared);
  const { log } = shared;
  return {
    append: (event) => log.append(event),
    flush: () => {
      log.flush();
      return log.problem !== null;
    },
    close: () => {
      shared.users -= 1;
      if (shared.users > 0) return log.flush();
      logs.delete(folder);
      log.close();
    },
  };
}
