import { readFileSync, statSync } from "node:fs";
import { majorOf, minorOf } from "../../kernel/device-number.ts";
import type { Epoll } from "../../kernel/epoll.ts";
import { pollfd } from "../../kernel/structs.ts";
import { WORKER } from "../answer/outcome.ts";
import { Settled } from "../answer/settled.ts";
import { abi, POLLPRI } from "../sys/abi.ts";
import { c, sys } from "../sys/sys.ts";

/**
 * What a file system means for a walk. A `slow` one may block on a network or a user-space server.
 * Names on an `unknown` one (of another mount namespace, or detached) have no meaning. `procfs` is
 * /proc alone, where a name tells the process. On `other-procfs` (a second instance, or a part of
 * /proc mounted elsewhere) it does not.
 */
export type MountKind = "local" | "procfs" | "other-procfs" | "slow" | "unknown";

/** Whether names there have no meaning. */
export function isNameless(kind: MountKind): kind is "unknown" | "other-procfs" {
  return kind === "unknown" || kind === "other-procfs";
}

/**
 * File systems that answer from memory or a block device. All others may wait for a network or a
 * user-space server, which the loop must not do.
 */
const LOCAL = new Set(
  `ext2 ext3 ext4 xfs btrfs f2fs bcachefs zfs tmpfs ramfs devtmpfs devpts overlay squashfs erofs
  vfat exfat ntfs3 iso9660 udf jfs reiserfs nilfs2 minix hugetlbfs mqueue sysfs cgroup cgroup2
  securityfs debugfs tracefs bpf pstore configfs efivarfs rootfs`.split(/\s+/),
);

/**
 * The kind of each mount by mount id (proc_pid_mountinfo(5)). statfs(2) would ask the file system
 * itself, which may block. The table is read again when the kernel reports a change of mounts
 * (POLLPRI).
 */
export class Mounts {
  readonly #watch = sys("openat", abi.AT_FDCWD, c("/proc/self/mountinfo"), abi.O_CLOEXEC);
  #kinds = new Map<number, MountKind>();
  #read = false;
  readonly #mayWait: boolean;
  readonly #request = pollfd.encode({ fd: this.#watch, events: POLLPRI });
  /**
   * An epoll reports each change before any later call arrives, so that the watch need not be
   * polled.
   */
  #isTold = false;

  /** `mayWait`: this process may block on a slow file system. */
  constructor(mayWait: boolean) {
    this.#mayWait = mayWait;
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

  /**
   * Whether an answer from there may come from another process or host. A mount that is not in the
   * table counts as slow.
   */
  isSlow(mount: number): boolean {
    const kind = this.#kind(mount);
    return kind === "slow" || kind === "unknown";
  }

  /**
   * Has `epoll` report changes from now on. The kernel queues a change before the process that made
   * it can make its next call.
   */
  toldBy(epoll: Epoll): void {
    const told = epoll.add(this.#watch, POLLPRI, {
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
    this.#kinds = parse(readFileSync("/proc/self/mountinfo", "latin1"), statSync("/proc").dev);
    this.#read = true;
  }

  #changed(): boolean {
    return sys("poll", this.#request, 1, 0) !== 0;
  }
}

/** `proc`: the device number of /proc. */
function parse(text: string, proc: number): Map<number, MountKind> {
  const kinds = new Map<number, MountKind>();
  for (const line of text.split("\n")) {
    const fields = line.split(" ");
    const type = fields[fields.indexOf("-") + 1];
    const [id, , device, root, point] = fields;
    if (id === undefined || id === "" || type === undefined) continue;
    const isProc =
      device === `${majorOf(proc)}:${minorOf(proc)}` &&
      point === `/proc${root === "/" ? "" : root}`;
    const procfs = isProc ? "procfs" : "other-procfs";
    kinds.set(Number(id), type === "proc" ? procfs : LOCAL.has(type) ? "local" : "slow");
  }
  return kinds;
}
