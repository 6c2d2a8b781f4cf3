import { close } from "../kernel/ffi.ts";
import { asLoginOf } from "./as-login.ts";
import { type Connection, NOT_STARTED } from "./connection.ts";
import { languageOf } from "./environment.ts";
import { openPty, openTerminal, type Pty } from "./pty.ts";
import { Relay } from "./relay.ts";
import { startFor } from "./started.ts";

const SHELL = "/bin/bash";
const UMASK = 0o022;
/**
 * Nothing of the caller's: a caller who could choose where a root program is looked up would be
 * root.
 */
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
  /** Where the client's terminal is opened, if one of its descriptors is one. */
  readonly terminal: string | null;
}

/**
 * A root shell in superDom. It is the child of an attendant, so no process of the sandbox is its
 * ancestor. It never gets the client's terminal but a new one, so that no process in the sandbox
 * can type into it, stop it, or read on after its end. `ended` is called once, also if nothing
 * could be started.
 */
export function startOutside(
  outside: Outside,
  connection: Connection,
  ended: (status: number) => void,
): void {
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
  path: string,
  connection: Connection,
  ended: (status: number) => void,
): void {
  const isTyped = connection.terminals[0] !== 0;
  const terminal = openTerminal(path);
  const pty = openPtyLike(terminal, isTyped);
  const relay = relayBetween(connection, terminal, pty, isTyped);
  try {
    start(outside, connection, ended, pty, relay);
  } catch (error) {
    relay.end(() => undefined);
    throw error;
  }
}

/** `terminal` is closed where there is none. */
function openPtyLike(terminal: number, isTyped: boolean): Pty {
  try {
    return openPty(terminal, { plain: !isTyped });
  } catch (error) {
    close(terminal);
    throw error;
  }
}

/** Both ends are the relay's from now on, also where there is none. */
function relayBetween(
  connection: Connection,
  terminal: number,
  { master, slave }: Pty,
  isTyped: boolean,
): Relay {
  try {
    return new Relay(connection.epoll, terminal, master, isTyped, (work) => connection.guard(work));
  } catch (error) {
    for (const fd of [terminal, master, slave]) close(fd);
    throw error;
  }
}

function start(
  { command, client }: Outside,
  connection: Connection,
  ended: (status: number) => void,
  pty: Pty | null,
  relay: Relay | null,
): void {
  const { slave = null } = pty ?? {};
  let isSlaveOpen = slave !== null;
  const closeSlave = (): void => {
    if (isSlaveOpen && slave !== null) close(slave);
    isSlaveOpen = false;
  };
  startFor(
    connection,
    {
      command: [
        ...asLoginOf(connection.peer.pid),
        SHELL,
        ...(command === null ? ["-l"] : ["-c", command]),
      ],
      env: { ...languageOf(client), ...rootsOwn },
      folder: `/proc/${connection.peer.pid}/cwd`,
      umask: UMASK,
      takesTerminal: slave !== null && connection.terminals[0] !== 0,
      terminal: slave === null ? null : `/proc/${process.pid}/fd/${slave}`,
    },
    {
      // Only the running program may hold that end, or its hang-up would not be noticed.
      started: closeSlave,
      over: (status) => {
        closeSlave();
        ended(status);
        if (relay === null) connection.answer(status, "");
        else relay.end(() => connection.answer(status, ""));
      },
      resized: () => relay?.resize(),
    },
  );
}
