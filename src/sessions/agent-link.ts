import { mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { readProcStat } from "../domains/proc-stat.ts";
import { modesFor } from "../host/write-whole.ts";
import {
  AF_UNIX,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  UNIX_PATH_MAX,
} from "../kernel/constants.ts";
import { close, hasCode, syscall } from "../kernel/ffi.ts";
import { openWithin } from "../kernel/open-within.ts";
import { socketPeer } from "../kernel/peer.ts";
import { unlessGone } from "../kernel/unless-gone.ts";

/** Names that domains/shell.yaml grants. */
const AGENTS_OF_USER_MAX = 8;

/** Where sshd makes them. */
const AGENTS_BELOW = "/tmp/";

/** An agent of ssh under a name that the domain may connect to. */
export interface AgentLink {
  readonly path: string;
  remove(): void;
}

/**
 * A name of root's for the agent that came along with a login; null where `socket` is none, or all
 * names are taken. Which socket that is the client says: were any taken, the user's service manager
 * would be within reach of the sandbox. So it must be served by the client's own parent, which is
 * sshd.
 */
export function linkAgent(
  agents: string,
  user: string,
  client: number,
  socket: string | undefined,
): AgentLink | null {
  if (socket === undefined || !isServedByParent(socket, client)) return null;
  const folder = join(agents, user);
  mkdirSync(folder, { recursive: true, mode: modesFor(0).folder });
  for (let slot = 0; slot < AGENTS_OF_USER_MAX; slot++) {
    const path = join(folder, `${slot}.sock`);
    if (tryLink(socket, path)) return { path, remove: () => removeLink(path, socket) };
  }
  return null;
}

/**
 * Removes the names of sessions whose server was killed, because they lead to no server any longer.
 * Names of an older server's shells stay.
 */
export function sweepAgentLinks(agents: string): void {
  for (const user of unlessGone(() => readdirSync(agents)) ?? [])
    for (const name of unlessGone(() => readdirSync(join(agents, user))) ?? []) {
      const path = join(agents, user, name);
      const socket = unlessGone(() => readlinkSync(path));
      if (socket !== null && !isServed(socket)) removeLink(path, socket);
    }
}

/** Not where it leads elsewhere by now: another server may have given the name away again. */
function removeLink(path: string, socket: string): void {
  if (unlessGone(() => readlinkSync(path)) === socket) rmSync(path, { force: true });
}

function tryLink(socket: string, path: string): boolean {
  try {
    symlinkSync(socket, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

function isServedByParent(path: string, client: number): boolean {
  return withConnection(path, (fd) => {
    const listener = socketPeer(fd);
    listener?.close();
    return listener !== null && listener.pid === readProcStat(client)?.parent;
  });
}

/** Also where it has no room for one more. */
function isServed(path: string): boolean {
  return withConnection(path, () => true, "EAGAIN");
}

/**
 * The result of `look` on a connection to a socket below {@link AGENTS_BELOW}, or false if there is
 * none. The client chose the path: it must not leave that file system or follow a link, so that
 * neither a user's mount nor a remote server, which may never answer, is asked.
 */
function withConnection(path: string, look: (fd: number) => boolean, full?: string): boolean {
  if (!path.startsWith(AGENTS_BELOW)) return false;
  const opened: number[] = [];
  const keep = (fd: number): number => {
    opened.push(fd);
    return fd;
  };
  try {
    const name = Buffer.from(
      `/proc/self/fd/${keep(openWithin(AGENTS_BELOW, path.slice(AGENTS_BELOW.length)))}`,
    );
    const address = Buffer.alloc(2 + UNIX_PATH_MAX);
    address.writeUInt16LE(AF_UNIX, 0);
    name.copy(address, 2);
    const fd = keep(syscall("socket", AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    syscall("connect", fd, address, 2 + name.length + 1);
    return look(fd);
  } catch (error) {
    if (error instanceof Error && "code" in error)
      return full !== undefined && hasCode(error, full);
    throw error;
  } finally {
    opened.forEach(close);
  }
}
