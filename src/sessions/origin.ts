import { readdirSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { readProc, readProcStat } from "../domains/proc-stat.ts";
import { statusOf } from "../host/whereabouts.ts";
import { unlessGone } from "../kernel/unless-gone.ts";
import { formatAddress, unmapped } from "../model/network.ts";

/** Programs of sshd that hold the connection (OpenSSH before and since 9.8). */
const servers = new Set(["sshd", "sshd-session"]);
/** Processes between a login's first one and sshd's. */
const GENERATIONS_MAX = 8;

/**
 * The other end of the connection through which a process came: of the nearest ancestor that is
 * root's sshd, as the kernel has it in its table of sockets. What the process itself says
 * (SSH_CONNECTION) may be anything. null where no sshd is above it.
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
 * sshd's process is root's until it becomes the user that it serves, and stays root's for root; no
 * other user can have root run it with another connection.
 */
function isServer(pid: number): boolean {
  return (
    statusOf(pid, "Uid")?.split("\t")[0] === "0" &&
    servers.has(basename(linkOf(`/proc/${pid}/exe`) ?? ""))
  );
}

function remoteOf(pid: number): string | null {
  const sockets = new Set(
    namesIn(`/proc/${pid}/fd`).flatMap((fd) => socketOf(linkOf(`/proc/${pid}/fd/${fd}`))),
  );
  for (const table of ["tcp", "tcp6"]) {
    const text = readProc(`/proc/${pid}/net/${table}`);
    const remote = text === null ? null : remoteIn(text, sockets);
    if (remote !== null) return remote;
  }
  return null;
}

const socketOf = (link: string | null): readonly string[] =>
  /^socket:\[(\d+)\]$/.exec(link ?? "")?.slice(1) ?? [];

/** Established, in `/proc/net/tcp` (proc_pid_net(5)). */
const ESTABLISHED = "01";

/** The first connection among `inodes`: its remote end, as `192.0.2.1 port 50122`. */
export function remoteIn(table: string, inodes: ReadonlySet<string>): string | null {
  for (const line of table.split("\n").slice(1)) {
    const [, , remote = "", state, , , , , , inode = ""] = line.trim().split(/\s+/);
    if (state === ESTABLISHED && inodes.has(inode)) return spell(remote);
  }
  return null;
}

/**
 * Addresses are words of four bytes in the host's order, which is little-endian; ports are plain.
 */
function spell(text: string): string {
  const [words = "", port = ""] = text.split(":");
  const bytes = Buffer.concat(
    (words.match(/.{8}/g) ?? []).map((word) => Buffer.from(word, "hex").reverse()),
  );
  return `${formatAddress(unmapped(bytes))} port ${Number.parseInt(port, 16)}`;
}

function linkOf(path: string): string | null {
  return unlessGone(() => readlinkSync(path));
}

function namesIn(folder: string): readonly string[] {
  return unlessGone(() => readdirSync(folder)) ?? [];
}
