import { lstatSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { readProcStat } from "../domains/proc-stat.ts";
import { modesFor } from "../host/write-whole.ts";
import { AF_UNIX, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM, UNIX_PATH_MAX } from "../kernel/constants.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { close, syscall } from "../kernel/ffi.ts";
import { socketPeer } from "../kernel/peer.ts";

/** Names that domains/shell.yaml grants. */
const AGENTS_OF_USER_MAX = 8;

/** An agent of ssh under a name that the domain may connect to. */
export interface AgentLink {
  readonly path: string;
  remove(): void;
}

/**
 * A name of root's for the agent that came along with a login; null where `socket` is none, or all names are taken. Which socket that is the client says: were any taken, the user's service manager
 * would be within reach of the sandbox. So it must be served by the client's own parent, which is sshd.
 */
export function linkAgent(agents: string, user: string, client: number, socket: string | undefined): AgentLink | null {
  if (socket === undefined || !isServedByParent(socket, client)) return null;
  const folder = join(agents, user);
  mkdirSync(folder, { recursive: true, mode: modesFor(0).folder });
  for (let slot = 0; slot < AGENTS_OF_USER_MAX; slot++) {
    const path = join(folder, `${slot}.sock`);
    if (tryLink(socket, path)) return { path, remove: () => rmSync(path, { force: true }) };
  }
  return null;
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
  const name = Buffer.from(path);
  if (!path.startsWith("/") || name.length >= UNIX_PATH_MAX) return false;
  if (lstatSync(name, { throwIfNoEntry: false })?.isSocket() !== true) return false;
  const address = Buffer.alloc(2 + UNIX_PATH_MAX);
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  const fd = syscall("socket", AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  try {
    syscall("connect", fd, address, 2 + name.length + 1);
    const listener = socketPeer(fd);
    listener?.close();
    return listener !== null && listener.pid === readProcStat(client)?.parent;
  } catch (error) {
    if (error instanceof Error && "code" in error) return false;
    throw error;
  } finally {
    close(fd);
  }
}
