import { isatty } from "node:tty";
import { close } from "../kernel/ffi.ts";
import { asLoginOf } from "./as-login.ts";
import { type Connection, NOT_STARTED } from "./connection.ts";
import { languageOf } from "./environment.ts";
import { openPty, type Pty, reopenTerminal } from "./pty.ts";
import { Relay } from "./relay.ts";
import { startFor } from "./started.ts";

const SHELL = "/bin/bash";
const UMASK = 0o022;
/** Nothing of the caller's: who could say where a program of root's is looked for would be root. */
const rootsOwn = {
  HOME: "/root",
  USER: "root",
  LOGNAME: "root",
  SHELL,
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
};

export interface Outside {
  /** null for a session. */
  readonly command: string | null;
  /** The client's environment. */
  readonly client: ReadonlyMap<string, string>;
  readonly descriptors: readonly number[];
  /** One of them that is the client's terminal. */
  readonly terminal: number | null;
}

/**
 * A shell of root's in superDom: this process's child, so that nothing of the sandbox is in its past. A terminal of the client's it never sees: in its place is a new one, so that
 * nobody in the sandbox can type into it, stop it, or read on after its end. `ended` is called once, also where nothing could be started.
 */
export function startOutside(outside: Outside, connection: Connection, ended: (status: number) => void): void {
  try {
    const { terminal } = outside;
    if (terminal === null) start(outside, connection, ended, null, null);
    else startOnTerminal(outside, terminal, connection, ended);
  } catch (error) {
    ended(NOT_STARTED);
    throw error;
  }
}

function startOnTerminal(
  outside: Outside,
  terminal: number,
  connection: Connection,
  ended: (status: number) => void,
): void {
  const isTyped = isatty(outside.descriptors[0] ?? -1);
  const pty = openPty(terminal, { plain: !isTyped });
  try {
    const relay = relayBetween(connection, terminal, pty.master, isTyped);
    try {
      start(outside, connection, ended, pty, relay);
    } catch (error) {
      relay.end(() => undefined);
      throw error;
    }
  } finally {
    close(pty.slave);
  }
}

/** `master` is the relay's from now on, also where there is none. */
function relayBetween(connection: Connection, terminal: number, master: number, isTyped: boolean): Relay {
  const opened = [master];
  try {
    const own = reopenTerminal(terminal);
    opened.push(own);
    return new Relay(connection.epoll, own, master, isTyped);
  } catch (error) {
    opened.forEach(close);
    throw error;
  }
}

function start(
  { command, client, descriptors }: Outside,
  connection: Connection,
  ended: (status: number) => void,
  pty: Pty | null,
  relay: Relay | null,
): void {
  // What is taken is what it reads from.
  const asLogin = asLoginOf(connection.peer.pid, { takesTerminal: pty !== null && isatty(descriptors[0] ?? -1) });
  const shell = [...asLogin, SHELL, ...(command === null ? ["-l"] : ["-c", command])];
  const folder = `/proc/${connection.peer.pid}/cwd`;
  const given = descriptors.map((fd) => (pty !== null && isatty(fd) ? pty.slave : fd));
  const env = { ...languageOf(client), ...rootsOwn };
  startFor(
    connection,
    { command: shell, env, folder, descriptors: given, umask: UMASK },
    {
      over: (status) => {
        ended(status);
        if (relay === null) connection.answer(status, "");
        else relay.end(() => connection.answer(status, ""));
      },
      resized: () => relay?.resize(),
    },
  );
}
