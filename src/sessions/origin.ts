import { basename } from "node:path";
import { parseSocketTable, socketInodes } from "../domains/proc-sockets.ts";
import { readProc, readProcLink, readProcStat } from "../domains/proc-stat.ts";
import { statusOf } from "../host/whereabouts.ts";
import { formatAddress, unmapped } from "../model/network.ts";

/** The programs of sshd that hold the connection (before and since OpenSSH 9.8). */
const servers = new Set(["sshd", "sshd-session"]);
/** How many ancestors are searched for sshd. */
const GENERATIONS_MAX = 8;

/**
 * The remote end of the connection through which a process was started. The nearest ancestor that
 * is root's sshd holds that connection; the kernel's table of sockets tells the remote end.
 * SSH_CONNECTION is not used, because the process can set it to anything. null if no ancestor is
 * sshd.
 */
export function originOf(pid: number): string | null {
  let current = pid;
  for (let generation = 0; generation < GENERATIONS_MAX && current > 1; generation++) {
    const origin = isServer(current) ? remoteOf(current) : null;
    if (origin !== null) return origin;
    current = readProcStat(current)?.parent ?? 0;
  }
  return null;
}

/**
 * sshd runs as root until it takes on the user's identity, and for root it stays root. No other
 * user can make a root process hold another connection.
 */
function isServer(pid: number): boolean {
  return (
    statusOf(pid, "Uid")?.split("\t")[0] === "0" &&
    servers.has(basename(readProcLink(`/proc/${pid}/exe`) ?? ""))
  );
}

function remoteOf(pid: number): string | null {
  const sockets = new Set(socketInodes(pid));
  for (const table of ["tcp", "tcp6"]) {
    const text = readProc(`/proc/${pid}/net/${table}`);
    const remote = text === null ? null : remoteIn(text, sockets);
    if (remote !== null) return remote;
  }
  return null;
}

/** In `/proc/net/tcp` (proc_pid_net(5)). */
const ESTABLISHED = "01";

/** The remote end of the first connection among `inodes`, as `192.0.2.1 port 50122`. */
export function remoteIn(table: string, inodes: ReadonlySet<string>): string | null {
  const found = parseSocketTable(table).find(
    ({ state, inode }) => state === ESTABLISHED && inodes.has(inode),
  );
  return found === undefined ? null : spell(found.remote);
}

/** Addresses are words of four bytes, here little-endian; ports are plain numbers. */
function spell(text: string): string {
  const [words = "", port = ""] = text.split(":");
  const bytes = Buffer.concat(
    (words.match(/.{8}/g) ?? []).map((word) => Buffer.from(word, "hex").reverse()),
  );
  return `${formatAddress(unmapped(bytes))} port ${Number.parseInt(port, 16)}`;
}
