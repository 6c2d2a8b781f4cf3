import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { ListedProcess } from "../domains/processes.ts";
import { hasCode } from "../kernel/errno-error.ts";

/** Internet sockets of this network namespace that take what comes. */
export interface Listening {
  readonly sockets: number;
  /** Held by a process of a domain. */
  readonly inDomains: number;
  /** Of the others, with who has them: `sshd tcp 22`. */
  readonly outside: readonly string[];
  /** Whose holder may not be seen. */
  readonly unknown: number;
}

/** Tables of proc_net(5), with the state of a socket that takes what comes: LISTEN, for UDP CLOSE. */
const tables = [
  { file: "tcp", protocol: "tcp", state: "0A" },
  { file: "tcp6", protocol: "tcp", state: "0A" },
  { file: "udp", protocol: "udp", state: "07" },
  { file: "udp6", protocol: "udp", state: "07" },
] as const;

/** Fields of a line, behind blanks: number, local address, peer, state, ..., inode. */
const LOCAL = 1;
const STATE = 3;
const INODE = 9;

/** Of each socket's inode protocol and port, as text. */
export function listeners(table: string, protocol: string, state: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of table.split("\n").slice(1)) {
    const words = line.trim().split(/\s+/);
    const inode = words[INODE];
    if (words[STATE] !== state || inode === undefined || inode === "0") continue;
    const port = Number.parseInt(words[LOCAL]?.split(":").at(-1) ?? "0", 16);
    found.set(inode, `${protocol} ${port}`);
  }
  return found;
}

/** How much of what listens is in a domain, by the descriptors of all processes. */
export function listening(processes: readonly ListedProcess[]): Listening {
  const all = new Map(
    tables.flatMap(({ file, protocol, state }) => [...listeners(readTable(file), protocol, state)]),
  );
  const held = new Set<string>();
  const outside = new Map<string, string>();
  for (const { pid, tid, comm, confinement } of processes) {
    if (tid !== pid) continue;
    for (const inode of socketsOf(pid)) {
      if (!all.has(inode)) continue;
      if (typeof confinement !== "string") held.add(inode);
      else if (!outside.has(inode)) outside.set(inode, `${comm} ${all.get(inode)}`);
    }
  }
  const others = [...outside].filter(([inode]) => !held.has(inode)).map(([, text]) => text);
  return {
    sockets: all.size,
    inDomains: held.size,
    outside: [...new Set(others)].sort(),
    unknown: all.size - held.size - others.length,
  };
}

function readTable(name: string): string {
  try {
    return readFileSync(`/proc/net/${name}`, "latin1");
  } catch (error) {
    if (hasCode(error, "ENOENT", "EACCES")) return "";
    throw error;
  }
}

/** Inodes of a process's sockets; none where they may not be seen. */
function socketsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => inodeOf(`/proc/${pid}/fd/${fd}`));
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH", "EACCES")) return [];
    throw error;
  }
}

function inodeOf(link: string): readonly string[] {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1];
    return inode === undefined ? [] : [inode];
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH", "EACCES")) return [];
    throw error;
  }
}
