import { constants } from "node:os";
import type { Connection } from "./connection.ts";
import type { Start } from "./start.ts";

/** Only the server may write to its folders, whatever umask the client has. */
const UMASK_LEAST = 0o022;

/** Signals that a client may pass on. */
const passed: ReadonlySet<number> = new Set(
  (
    [
      "SIGHUP",
      "SIGINT",
      "SIGQUIT",
      "SIGTERM",
      "SIGUSR1",
      "SIGUSR2",
      "SIGALRM",
      "SIGCONT",
      "SIGTSTP",
    ] as const
  ).map((name) => constants.signals[name]),
);

export interface Hooks {
  /** It runs, and has ended not yet. */
  started?(pid: number): void;
  /** It has ended, or did not start: answers the client. */
  over(status: number): void;
  /** The client's terminal has another size. */
  resized?(): void;
}

/** Starts a program for a client; the client's signals are passed on to it. */
export function startFor(connection: Connection, start: Start, hooks: Hooks): void {
  connection.begin(
    { ...start, umask: start.umask | UMASK_LEAST },
    {
      started: (pid) => hooks.started?.(pid),
      signal: (number) => {
        if (number === constants.signals.SIGWINCH) hooks.resized?.();
        else if (passed.has(number)) connection.kill(number);
      },
      hangUp: () => {
        connection.kill(constants.signals.SIGHUP);
        connection.kill(constants.signals.SIGCONT);
      },
      over: (status) => hooks.over(status),
    },
  );
}
