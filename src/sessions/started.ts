import { constants } from "node:os";
import { WRITABLE_BY_OTHERS } from "../base/modes.ts";
import type { Connection } from "./connection.ts";
import type { Start } from "./start.ts";

/** The umask has at least these bits, whatever the client's is. */
const UMASK_LEAST = WRITABLE_BY_OTHERS;

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
  started?(pid: number): void;
  /** The program has exited, or did not start. Must answer the client. */
  over(status: number): void;
  resized?(): void;
}

/** Starts a program for a client, and passes the client's signals on to it. */
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
