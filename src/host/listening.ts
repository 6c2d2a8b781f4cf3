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

interface Holder extends Pick<ListedProcess, "pid" | "comm" | "confinement"> {
  readonly inodes: readonly string[];
}

/** The listening sockets by inode, and by their descriptors the processes that hold them. */
function look(processes: readonly ListedProcess[]) {
  const sockets: ReadonlyMap<string, string> = new Map(
    tables.flatMap(({ file, protocol, state }) => [
      ...listeners(readProc(`/proc/net/${file}`) ?? "", protocol, state),
    ]),
  );
  const holders = processes
    .filter(({ pid, tid }) => tid === pid)
    .map(({ pid, comm, confinement }): Holder => {
      const inodes = socketInodes(pid).filter((inode) => sockets.has(inode));
      return { pid, comm, confinement, inodes };
    });
  return { sockets, holders };
}

/** Of a socket that systemd holds for a service that runs, the service's processes alone. */
export function listenersOutside(processes: readonly ListedProcess[]): readonly Listener[] {
  const { sockets, holders } = look(processes);
  const services = new Set(holders.flatMap(({ pid, inodes }) => (pid === 1 ? [] : inodes)));
  return holders.flatMap(({ pid, comm, confinement, inodes }) => {
    if (typeof confinement !== "string") return [];
    const own = pid === 1 ? inodes.filter((inode) => !services.has(inode)) : inodes;
    const names = [...new Set(own.map((inode) => sockets.get(inode) ?? ""))];
    return names.length === 0 ? [] : [{ pid, comm, sockets: names }];
  });
}

export function listening(processes: readonly ListedProcess[]): Listening {
  const { sockets, holders } = look(processes);
  const held = new Set<string>();
  const outside = new Map<string, string>();
  for (const { comm, confinement, inodes } of holders)
    for (const inode of inodes) {
      if (typeof confinement !== "string") held.add(inode);
      else if (!outside.has(inode)) outside.set(inode, `${comm} ${sockets.get(inode)}`);
    }
  const others = [...outside].filter(([inode]) => !held.has(inode)).map(([, text]) => text);
  return {
    sockets: sockets.size,
    inDomains: held.size,
    outside: [...new Set(others)].sort(),
    unknown: sockets.size - held.size - others.length,
  };
}
