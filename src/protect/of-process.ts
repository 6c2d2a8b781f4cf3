import {
  type BigIntStats,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
} from "node:fs";
import { withDescendants } from "../domains/descendants.ts";
import { parseSocketTable, socketInodes } from "../domains/proc-sockets.ts";
import { executableOf, readProc, readProcLink, readProcStat } from "../domains/proc-stat.ts";
import { O_ACCMODE, O_PATH, O_RDONLY, O_WRONLY } from "../kernel/constants.ts";
import { unlessGone } from "../kernel/unless-gone.ts";
import { capabilityNames } from "../kinds/capabilities/model.ts";
import { isCanonicalName } from "../model/canonical-name.ts";
import { decide } from "../model/decide.ts";
import { bytesOfName, nameOfBytes } from "../model/name-bytes.ts";
import type { PermissionName } from "../model/permission.ts";
import type { Policy } from "../model/policy.ts";
import type { Request } from "../model/request.ts";
import type { Need } from "../suggest/need.ts";

/** Processes of one daemon that are looked at. */
const PROCESSES_MAX = 64;
/** What is taken of all of them: a process may open and map as much as it likes. */
const NEEDS_MAX = 1_000;
/** More capabilities are those that root has anyway, and tell nothing. */
const CAPABILITIES_SHOWN_MAX = 20;
/** Standard input, output and error, which `inherit` is for. */
const STREAMS_COUNT = 3; // descriptors
/** Ports from which the kernel chooses, ip(7): a UDP socket there waits for answers. */
const LOCAL_PORT_MIN = 32_768; // a port

export interface Seen {
  /** What the processes have open, map, listen on and are connected to. */
  readonly needs: readonly Need[];
  /** Found beyond NEEDS_MAX. */
  readonly left: number;
  /** Capabilities in force, if they are less than root's. */
  readonly capabilities: readonly string[];
  /** Of the first process; null if it is gone. */
  readonly uids: { readonly effective: number; readonly saved: number } | null;
}

/** The process and its descendants, as many as are looked at. */
export function withChildren(pid: number): readonly number[] {
  return withDescendants(pid, PROCESSES_MAX);
}

/** Whether a name of the process is the same file for the caller. */
export function hasTreeOfCaller(pid: number): boolean {
  return (
    isSame("user", pid, "self") &&
    isSame("mnt", pid, "self") &&
    readProcLink(`/proc/${pid}/root`) === "/"
  );
}

function isSame(namespace: "user" | "mnt", a: number | "self", b: number | "self"): boolean {
  const [one, other] = [a, b].map((pid) => readProcLink(`/proc/${pid}/ns/${namespace}`));
  return one === other && typeof one === "string";
}

/**
 * What is running now. A process that is gone meanwhile shows nothing. Neither does one that has
 * made namespaces: in its own user namespace every user can mount any file under any name, and
 * listen on any port.
 */
export function seenOf(pids: readonly number[], now: string): Seen {
  const needs = new Map<string, Need>();
  let left = 0;
  const [first] = pids;
  const isMeant = (pid: number) =>
    isSame("user", pid, "self") &&
    isSame("mnt", pid, first ?? "self") &&
    (pid === first || pids.includes(readProcStat(pid)?.parent ?? 0));
  for (const pid of pids) {
    const programs = [executableOf(pid)].filter((name) => name !== null);
    const requests = requestsOf(pid);
    // Afterwards: meanwhile it may make namespaces, and its number may become another process's.
    if (!isMeant(pid)) continue;
    for (const request of requests) {
      const key = keyOf(request);
      const before = needs.get(key);
      if (before === undefined && needs.size >= NEEDS_MAX) left += 1;
      else
        needs.set(key, {
          ...{ request, count: 1, first: now, last: now },
          programs: [...new Set([...(before?.programs ?? []), ...programs])],
          pids: [...(before?.pids ?? []), pid],
        });
    }
  }
  return {
    needs: [...needs.values()],
    left,
    capabilities: [...new Set(pids.filter(isMeant).flatMap(capabilitiesOf))],
    uids: first === undefined ? null : uidsOf(first),
  };
}

/**
 * What a running process has got already that this policy, with canonical names, does not grant: as
 * far as it has a name or an address. docs/bpf-lsm.md says what is not found.
 */
export function heldOutside(pid: number, policy: Policy): readonly Request[] {
  return requestsOf(pid).filter((request) => decide(policy, request).outcome !== "granted");
}

function keyOf(request: Request): string {
  return JSON.stringify(request, (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value,
  );
}

function requestsOf(pid: number): readonly Request[] {
  return [...openFiles(pid), ...mapped(pid), ...sockets(pid)];
}

function name(operation: PermissionName, path: string): Request {
  return { class: "name", operation, path };
}

/** Of regular files, folders and devices that still have their name. */
function openFiles(pid: number): readonly Request[] {
  const folder = `/proc/${pid}/fd`;
  const fds = unlessGone(() => readdirSync(folder)) ?? [];
  return fds.flatMap((fd) => {
    if (Number(fd) < STREAMS_COUNT) return [];
    const target = unlessGone(() => readlinkSync(`${folder}/${fd}`, "buffer"));
    const path = target === null ? "" : nameOfBytes(target);
    const info = readProc(`/proc/${pid}/fdinfo/${fd}`) ?? "";
    const flags = Number.parseInt(/^flags:\t([0-7]+)$/m.exec(info)?.[1] ?? "", 8);
    if (Number.isNaN(flags) || (flags & O_PATH) !== 0) return [];
    const opened = unlessGone(() => statSync(`${folder}/${fd}`, { bigint: true }));
    const named = nodeOf(pid, path);
    if (opened === null || opened.ino !== named?.ino || opened.dev !== named.dev) return [];
    const mode = flags & O_ACCMODE;
    return [
      ...(mode === O_WRONLY ? [] : [name("read", path)]),
      ...(mode === O_RDONLY ? [] : [name("write", path)]),
    ];
  });
}

/** What the name is for the process, which may have another root; null if it is gone. */
function nodeOf(pid: number, path: string): BigIntStats | null {
  if (!path.startsWith("/") || !isCanonicalName(path)) return null;
  const seen = Buffer.concat([Buffer.from(`/proc/${pid}/root`), bytesOfName(path)]);
  return unlessGone(
    () => lstatSync(seen, { bigint: true }),
    [...["ENOENT", "ESRCH", "EACCES", "EPERM", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]],
  );
}

const mapping = /^\S+ (\S{4}) \S+ \S+ (\d+) *(.*)$/;

/** Files mapped as code, and memory that can be written and executed. */
function mapped(pid: number): readonly Request[] {
  const bytes = unlessGone(() => readFileSync(`/proc/${pid}/maps`));
  const lines = bytes === null ? [] : bytes.toString("latin1").split("\n");
  // The kernel itself maps the program.
  const program = executableOf(pid);
  return lines.flatMap((line) => {
    const [, permissions = "", inode, text = ""] = mapping.exec(line) ?? [];
    if (permissions.includes("wx") && inode === "0") return [{ class: "memory", kind: "jit" }];
    if (!permissions.includes("x") || !text.startsWith("/")) return [];
    // The kernel escapes only the newline.
    const path = nameOfBytes(Buffer.from(text.replaceAll("\\012", "\n"), "latin1"));
    return path === program || nodeOf(pid, path) === null
      ? []
      : [name("read", path), name("map", path)];
  });
}

const tables = [
  { file: "tcp", protocol: "tcp" },
  { file: "tcp6", protocol: "tcp" },
  { file: "udp", protocol: "udp" },
  { file: "udp6", protocol: "udp" },
] as const;

/** States of include/net/tcp_states.h; a UDP socket without a peer is closed. */
const LISTEN = "0A";
const CLOSE = "07";
const ESTABLISHED = "01";

function sockets(pid: number): readonly Request[] {
  const own = new Set(socketInodes(pid));
  const inet = tables.flatMap(({ file, protocol }): readonly Request[] => {
    const rows = parseSocketTable(readProc(`/proc/${pid}/net/${file}`) ?? "");
    const listening = new Set(
      rows.filter(({ state }) => state === LISTEN).map(({ local }) => endpoint(local)?.port),
    );
    return rows
      .filter(({ inode }) => own.has(inode))
      .flatMap(({ local, remote, state }): readonly Request[] => {
        const here = endpoint(local);
        const there = endpoint(remote);
        if (here === null || there === null) return [];
        const isWaiting = protocol === "udp" && state === CLOSE && here.port < LOCAL_PORT_MIN;
        if (state === LISTEN || isWaiting)
          return [{ class: "address", operation: "listen", protocol, ...here }];
        // A connection to a port that it listens on came from outside.
        return state === ESTABLISHED && !listening.has(here.port)
          ? [{ class: "address", operation: "connect", protocol, ...there }]
          : [];
      });
  });
  return [...inet, ...unixNames(pid, own)];
}

/** `0100007F:1F90`: words of the address in the order of the host's bytes. */
function endpoint(text: string): { readonly address: Uint8Array; readonly port: number } | null {
  const [words = "", port = ""] = text.split(":");
  if (!/^(?:[0-9A-F]{8}){1,4}$/.test(words) || !/^[0-9A-F]{4}$/.test(port)) return null;
  const bytes = (words.match(/.{8}/g) ?? []).flatMap((word) => [
    ...Buffer.from(word, "hex").toReversed(),
  ]);
  return { address: Uint8Array.from(bytes), port: Number.parseInt(port, 16) };
}

/**
 * Names that the process has bound; the kernel does not tell there to which process it is
 * connected. A name with a newline can look like the line of another socket, which then has two: it
 * counts as none.
 */
function unixNames(pid: number, own: ReadonlySet<string>): readonly Request[] {
  const bytes = unlessGone(() => readFileSync(`/proc/${pid}/net/unix`));
  const lines = bytes === null ? [] : bytes.toString("latin1").split("\n").slice(1);
  const found = new Map<string, string[]>();
  for (const line of lines) {
    const [, inode = "", text = ""] = /^(?:\S+ +){6}(\d+)(?: (.*))?$/.exec(line) ?? [];
    if (own.has(inode)) found.set(inode, [...(found.get(inode) ?? []), text]);
  }
  return [...found.values()].flatMap(([text = "", second]) => {
    const path = nameOfBytes(Buffer.from(text, "latin1"));
    // The kernel gives a socket a name of five digits by itself (unix_autobind).
    const isNamed = /^[/@]/.test(path) && isCanonicalName(path) && !/^@[0-9a-f]{5}$/.test(path);
    return second === undefined && isNamed ? [name("listen", path)] : [];
  });
}

function capabilitiesOf(pid: number): readonly string[] {
  const status = readProc(`/proc/${pid}/status`) ?? "";
  const mask = BigInt(`0x${/^CapEff:\t([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  const names = capabilityNames.filter((_, bit) => (mask & (1n << BigInt(bit))) !== 0n);
  return names.length > CAPABILITIES_SHOWN_MAX ? [] : names;
}

function uidsOf(pid: number): Seen["uids"] {
  const status = readProc(`/proc/${pid}/status`) ?? "";
  const [, effective, saved] = /^Uid:\t\d+\t(\d+)\t(\d+)\t\d+$/m.exec(status) ?? [];
  return effective === undefined ? null : { effective: Number(effective), saved: Number(saved) };
}
