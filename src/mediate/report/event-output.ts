import type { Event } from "../../events/event.ts";
import { type EventLog, type Owner, openEventLog } from "../../events/log/event-log.ts";
import { LOG_AGAIN_MS, LOGGED_IN_STEP_MAX } from "../limits.ts";
import type { LogQueue } from "./log-queue.ts";

/** Where a mediator's events go. Its methods never throw and never wait for long. */
export interface EventOutput {
  /** `owner`: told once the event no longer depends on this process. */
  append(event: Event, owner: Owner | null): void;
  /** Tries again to write what could not be written. Returns true while anything is left. */
  flush(): boolean;
  close(): void;
  /** Another process reports the owner's events that were not passed on. */
  abandon(owner: Owner): void;
}

/** By folder: domains that log to the same place share a writer. */
const logs = new Map<string, { readonly log: EventLog; users: number }>();

/** The event log in `folder`, or a queue that writes it for many domains. */
export function logOutput(folder: string, queue: LogQueue | null): EventOutput {
  const patience =
    queue === null ? {} : { lockWaitMs: 0, retryMs: LOG_AGAIN_MS, atOnce: LOGGED_IN_STEP_MAX };
  const shared = logs.get(folder) ?? { log: openEventLog(folder, patience), users: 0 };
  shared.users += 1;
  logs.set(folder, shared);
  const { log } = shared;
  const leave = (): void => {
    shared.users -= 1;
    if (shared.users > 0) {
      log.settle();
      return;
    }
    logs.delete(folder);
    log.close();
  };
  return queue === null ? direct(log, leave) : queued(log, leave, queue);
}

function direct(log: EventLog, leave: () => void): EventOutput {
  return {
    append: (event, owner) => log.append(event, owner),
    flush: () => {
      log.flush();
      return log.problem !== null;
    },
    close: leave,
    abandon: (owner) => {
      log.takeBack(owner);
      leave();
    },
  };
}

function queued(log: EventLog, leave: () => void, queue: LogQueue): EventOutput {
  // Lifecycle events are rare, and must be written before the answer to which they belong, even if
  // this process is killed at once.
  const atOnce = (event: Event, owner: Owner | null): void => {
    queue.writeNow();
    log.append(event, owner);
    log.settle();
    queue.tryAgain(log);
  };
  return {
    append: (event, owner) => {
      if (event.class !== "lifecycle") queue.add(log, event, owner);
      else atOnce(event, owner);
    },
    flush: () => {
      queue.tryAgain(log);
      return log.problem !== null;
    },
    close: () => {
      queue.writeNow();
      leave();
    },
    abandon: (owner) => {
      queue.takeBack(log, owner);
      leave();
    },
  };
}
