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

/** The number of names that domains/shell.yaml grants. */
const AGENTS_OF_USER_MAX = 8;

/** Where sshd makes the sockets of its agents. */
const AGENTS_BELOW = "/tmp/";

/** A path that leads to an ssh agent, and that the domain may connect to. */
export interface AgentLink {
  readonly path: string;
  remove(): void;
}

/**
 * Makes a link, owned by root, to the ssh agent of a login. null if `socket` is no such agent, or
 * all names are taken. The client chooses `socket`. If any socket were accepted, the sandbox could
 * reach the user's service manager. So the socket must be served by the client's parent, which is
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
 * Removes links whose socket has no server any longer, which a killed session server has left.
 * Links that an older session server still uses stay.
 */
export function sweepAgentLinks(agents: string): void {
  for (const user of unlessGone(() => readdirSync(agents)) ?? [])
    for (const name of unlessGone(() => readdirSync(join(agents, user))) ?? []) {
      const path = join(agents, user, name);
      const socket = unlessGone(() => readlinkSync(path));
      if (socket !== null && !isServed(socket)) removeLink(path, socket);
    }
}

/** Leaves a link that leads elsewhere by now: another session server may have taken the name. */
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

/** Also true if the server's queue of connections is full. */
function isServed(path: string): boolean {
  return withConnection(path, () => true, "EAGAIN");
}

/**
 * The result of `look` on a connection to a socket below {@link AGENTS_BELOW}, or false if there is
 * none. The client chose the path. It must not follow a link or leave that file system: a FUSE or
 * network file system may never answer.
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
