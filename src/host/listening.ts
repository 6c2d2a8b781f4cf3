import { parseSocketTable, socketInodes } from "../domains/proc-sockets.ts";
import { readProc } from "../domains/proc-stat.ts";
import type { ListedProcess } from "../domains/processes.ts";

/** Internet sockets of this network namespace that listen; UDP sockets without a peer. */
export interface Listening {
  readonly sockets: number;
  /** Held by a process of a domain. */
  readonly inDomains: number;
  /** The others, with their processes: `sshd tcp 22`. */
  readonly outside: readonly string[];
  /** Held by processes that the caller may not see. */
  readonly unknown: number;
}

/** Tables of proc_pid_net(5), with the state of a listening socket: LISTEN, for UDP CLOSE. */
const tables = [
  { file: "tcp", protocol: "tcp", state: "0A" },
  { file: "tcp6", protocol: "tcp", state: "0A" },
  { file: "udp", protocol: "udp", state: "07" },
  { file: "udp6", protocol: "udp", state: "07" },
] as const;

/** `tcp 22`, by the socket's inode. */
export function listeners(table: string, protocol: string, state: string): Map<string, string> {
  return new Map(
    parseSocketTable(table)
      .filter((one) => one.state === state && one.inode !== "0")
      .map(({ local, inode }) => {
        const port = Number.parseInt(local.split(":").at(-1) ?? "0", 16);
        return [inode, `${protocol} ${port}`];
      }),
  );
}

/** A process in no domain that holds listening sockets: `tcp 22`, each once. */
export interface Listener {
  readonly pid: number;
  readonly comm: string;
  readonly sockets: readonly string[];
}

/** By inode. */
function listeningSockets(): ReadonlyMap<string, string> {
  return new Map(
    tables.flatMap(({ file, protocol, state }) => [
      ...listeners(readProc(`/proc/net/${file}`) ?? "", protocol, state),
    ]),
  );
}

/**
 * By the descriptors of all processes. Of a socket that systemd holds for a service that runs, the
 * service's processes alone.
 */
export function listenersOutside(processes: readonly ListedProcess[]): readonly Listener[] {
  const all = listeningSockets();
  const holders = processes
    .filter(({ pid, tid }) => tid === pid)
    .map(({ pid, comm, confinement }) => ({
      ...{ pid, comm, confinement },
      inodes: socketInodes(pid).filter((inode) => all.has(inode)),
    }));
  const services = new Set(holders.flatMap(({ pid, inodes }) => (pid === 1 ? [] : inodes)));
  return holders.flatMap(({ pid, comm, confinement, inodes }) => {
    if (typeof confinement !== "string") return [];
    const own = pid === 1 ? inodes.filter((inode) => !services.has(inode)) : inodes;
    const sockets = [...new Set(own.map((inode) => all.get(inode) ?? ""))];
    return sockets.length === 0 ? [] : [{ pid, comm, sockets }];
  });
}

/** By the descriptors of all processes. */
export function listening(processes: readonly ListedProcess[]): Listening {
  const all = listeningSockets();
  const held = new Set<string>();
  const outside = new Map<string, string>();
  for (const { pid, tid, comm, confinement } of processes) {
    if (tid !== pid) continue;
    for (const inode of socketInodes(pid)) {
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
