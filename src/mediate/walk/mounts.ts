import { readSync } from "node:fs";
import type { Epoll } from "../../kernel/epoll.ts";
import { MADE_BY_KERNEL, STORING } from "../../kernel/file-systems.ts";
import { mountsIn } from "../../kernel/mountinfo.ts";
import { pollfd } from "../../kernel/structs.ts";
import { WORKER } from "../answer/outcome.ts";
import { Settled } from "../answer/settled.ts";
import { POLLPRI } from "../sys/abi.ts";
import { sys } from "../sys/sys.ts";

/**
 * What a file system means for a walk. A `slow` one may block on a network or a user-space server.
 * Names on an `unknown` one (of another mount namespace, or detached) have no meaning. `procfs` is
 * /proc alone, where a name tells the process, with /proc/sys of any instance. On `other-procfs` (a
 * second instance, or a part of /proc mounted elsewhere) it does not.
 */
export type MountKind = "local" | "procfs" | "other-procfs" | "slow" | "unknown";

/** Whether names there have no meaning. */
export function isNameless(kind: MountKind): kind is "unknown" | "other-procfs" {
  return kind === "unknown" || kind === "other-procfs";
}

/**
 * All file systems but these may wait for a network or a user-space server, which the loop must not
 * do.
 */
const LOCAL: ReadonlySet<string> = new Set([...STORING, ...MADE_BY_KERNEL]);

/** The mounts of one namespace, as a process in it opened them. */
export interface MountTable {
  /** /proc/PID/mountinfo; it stays with the namespace in which it was opened. */
  readonly mountinfo: number;
  /** The device of /proc there, as mountinfo writes it; null where no procfs of ours is there. */
  readonly proc: string | null;
}

/**
 * The kind of each mount by mount id (proc_pid_mountinfo(5)). statfs(2) would ask the file system
 * itself, which may block. The table is read again when the kernel reports a change of mounts
 * (POLLPRI).
 */
export class Mounts {
  readonly #table: MountTable;
  #kinds = new Map<number, MountKind>();
  /** Mounts of local file systems that store content. */
  #storing: ReadonlySet<number> = new Set();
  #read = false;
  readonly #mayWait: boolean;
  readonly #request: Buffer;
  /**
   * An epoll reports each change before any later call arrives, so that the watch need not be
   * polled.
   */
  #isTold = false;

  /** `mayWait`: this process may block on a slow file system. */
  constructor(mayWait: boolean, table: MountTable) {
    this.#mayWait = mayWait;
    this.#table = table;
    this.#request = pollfd.encode({ fd: table.mountinfo, events: POLLPRI });
  }

  /**
   * In a process that may block, `slow` counts as `local`. Elsewhere the call is settled as work
   * for a worker.
   */
  kind(mount: number): Exclude<MountKind, "slow"> {
    const kind = this.#kind(mount);
    if (kind !== "slow") return kind;
    if (this.#mayWait) return "local";
    throw new Settled(WORKER);
  }

  /** Whether the mount is in the table, so that a name there has a meaning. */
  has(mount: number): boolean {
    return this.#kind(mount) !== "unknown";
  }

  /**
   * Whether an answer from there may come from another process or host. A mount that is not in the
   * table counts as slow.
   */
  isSlow(mount: number): boolean {
    const kind = this.#kind(mount);
    return kind === "slow" || kind === "unknown";
  }

  /**
   * Whether files there are stored content on a file system that answers by itself, so that it
   * does not matter which process opens them.
   */
  stores(mount: number): boolean {
    return this.#kind(mount) === "local" && this.#storing.has(mount);
  }

  /**
   * Whether opening, reading or writing a file there asks the kernel, which may go by the process
   * that opened it.
   */
  asksKernel(mount: number): boolean {
    return this.#kind(mount) === "local" && !this.#storing.has(mount);
  }

  /**
   * Has `epoll` report changes from now on. The kernel queues a change before the process that made
   * it can make its next call.
   */
  toldBy(epoll: Epoll): void {
    const told = epoll.add(this.#table.mountinfo, POLLPRI, {
      ready: () => {
        this.#read = false;
      },
    });
    // Adding the watch has consumed any earlier change.
    this.#read = false;
    this.#isTold = told >= 0;
  }

  #kind(mount: number): MountKind {
    if (!this.#read || (!this.#isTold && this.#changed())) this.#readAll();
    else if (this.#isTold && !this.#kinds.has(mount) && this.#changed()) this.#readAll();
    return this.#kinds.get(mount) ?? "unknown";
  }

  #readAll(): void {
    const { mountinfo, proc } = this.#table;
    const { kinds, storing } = parse(contentOf(mountinfo), proc);
    this.#kinds = kinds;
    this.#storing = storing;
    this.#read = true;
  }

  #changed(): boolean {
    return sys("poll", this.#request, 1, 0) !== 0;
  }
}

/** Bytes read at a time; the kernel gives one page. */
const PIECE_BYTES = 65_536;

function contentOf(file: number): string {
  const pieces: Buffer[] = [];
  for (let length = 0; ; ) {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    const got = readSync(file, piece, 0, PIECE_BYTES, length);
    if (got === 0) return Buffer.concat(pieces).toString("latin1");
    pieces.push(piece.subarray(0, got));
    length += got;
  }
}

/**
 * Kernel parameters are the same in every procfs. systemd keeps a mount of them, such as a
 * container has, when it gives a unit a procfs of its own (`ProtectProc=`).
 */
function isOfKeys(root: string): boolean {
  return /^\/sys(?:\/|$)/.test(root);
}

/** `proc`: the device of /proc. */
function parse(text: string, proc: string | null) {
  const kinds = new Map<number, MountKind>();
  const storing = new Set<number>();
  for (const { id, device, root, point, type } of mountsIn(text)) {
    const isOurs = device === proc || isOfKeys(root);
    const isInPlace = point === `/proc${root === "/" ? "" : root}`;
    const procfs = isOurs && isInPlace ? "procfs" : "other-procfs";
    kinds.set(id, type === "proc" ? procfs : LOCAL.has(type) ? "local" : "slow");
    if (STORING.has(type)) storing.add(id);
  }
  return { kinds, storing };
}
