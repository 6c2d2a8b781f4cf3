import { WRITABLE_BY_OTHERS } from "../base/modes.ts";
import { close } from "../kernel/ffi.ts";
import { asLoginOf } from "./as-login.ts";
import { type Connection, NOT_STARTED } from "./connection.ts";
import { languageOf } from "./environment.ts";
import { openPty, openTerminal, type Pty } from "./pty.ts";
import { Relay } from "./relay.ts";
import { startFor } from "./started.ts";

const SHELL = "/bin/bash";
const UMASK = WRITABLE_BY_OTHERS;
/**
 * Nothing here comes from the client: a client that chose PATH could choose which program root
 * runs.
 */
const rootsOwn = {
  HOME: "/root",
  USER: "root",
  LOGNAME: "root",
  SHELL,
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
};

export interface Outside {
  /** null for an interactive session. */
  readonly command: string | null;
  readonly client: ReadonlyMap<string, string>;
  /** The path by which to open the client's terminal; null if none of its descriptors is one. */
  readonly terminal: string | null;
}

/**
 * Starts a root shell in superDom. Its parent is an attendant, so it has no ancestor in the
 * sandbox. It gets a new terminal and never the client's, so that no process in the sandbox can
 * type into it, stop it, or go on reading after its end. `ended` is called once, also if nothing
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

/** Closes `terminal` on failure. */
function openPtyLike(terminal: number, isTyped: boolean): Pty {
  try {
    return openPty(terminal, { plain: !isTyped });
  } catch (error) {
    close(terminal);
    throw error;
  }
}

/** Owns the descriptors: on failure it closes them. */
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
      // If another process held that end open, the relay would not notice the shell's hang-up.
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
