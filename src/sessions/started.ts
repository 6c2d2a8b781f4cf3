import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { hasCode } from "../kernel/errno-error.ts";
import { syscall } from "../kernel/ffi.ts";
import type { Connection } from "./connection.ts";

/** Who writes to a folder of the server's must be nobody else, whatever umask the client has. */
const UMASK_LEAST = 0o022;
/** As a shell tells that a program died of a signal. */
const SIGNALLED = 128;

export interface Start {
  /** Absolute; its arguments follow. */
  readonly command: readonly string[];
  readonly env: Record<string, string>;
  readonly folder: string;
  readonly descriptors: readonly number[];
  readonly umask: number;
}

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
      "SIGWINCH",
    ] as const
  ).map((name) => constants.signals[name]),
);

/** Starts a program whose exit status is the client's answer. `ended` gives what the client writes to its standard error. Its process id; null where it did not start. */
export function startFor(connection: Connection, start: Start, ended: (status: number) => string): number | null {
  const [program = "", ...args] = start.command;
  const before = syscall("umask", start.umask | UMASK_LEAST);
  let child: ChildProcess;
  try {
    child = spawn(program, args, { env: start.env, cwd: start.folder, stdio: [...start.descriptors] });
  } finally {
    syscall("umask", before);
  }
  child.once("error", (error) => connection.refuse(error.message));
  child.once("exit", (code, signal) => {
    const status = code ?? SIGNALLED + (signal === null ? 0 : constants.signals[signal]);
    connection.answer(status, ended(status));
  });
  const { pid } = child;
  if (pid === undefined) return null;
  const send = (number: number): void => {
    // Not reaped yet, so that the group is its own.
    if (child.exitCode === null && child.signalCode === null) sendToGroup(pid, number);
  };
  connection.begin({
    signal: (number) => void (passed.has(number) && send(number)),
    hangUp: () => {
      send(constants.signals.SIGHUP);
      send(constants.signals.SIGCONT);
    },
  });
  return pid;
}

function sendToGroup(leader: number, number: number): void {
  try {
    process.kill(-leader, number);
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}
