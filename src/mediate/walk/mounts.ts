import { readFileSync, statSync } from "node:fs";
import { majorOf, minorOf } from "../../kernel/device-number.ts";
import type { Epoll } from "../../kernel/epoll.ts";
import { pollfd } from "../../kernel/structs.ts";
import { WORKER } from "../answer/outcome.ts";
import { Settled } from "../answer/settled.ts";
import { abi, POLLPRI } from "../sys/abi.ts";
import { c, sys } from "../sys/sys.ts";

/**
 * What a file system means for a walk: `slow` ones may keep the caller waiting on somebody else;
 * names on `unknown` ones (of other mount namespaces, or detached) mean nothing. `procfs` is /proc
 * alone, whose names say whose process it is; on an `other-procfs` (a second instance, or a folder
 * of /proc under another name) they do not.
 */
export type MountKind = "local" | "procfs" | "other-procfs" | "slow" | "unknown";

/** Names there mean nothing. */
export function isNameless(kind: MountKind): kind is "unknown" | "other-procfs" {
  return kind === "unknown" || kind === "other-procfs";
}

/**
 * File systems that answer from memory or a block device. All others may wait for a network or a
 * user-space server, and the loop must not wait.
 */
const LOCAL = new Set(
  `ext2 ext3 ext4 xfs btrfs f2fs bcachefs zfs tmpfs ramfs devtmpfs devpts overlay squashfs erofs
  vfat exfat ntfs3 iso9660 udf jfs reiserfs nilfs2 minix hugetlbfs mqueue sysfs cgroup cgroup2
  securityfs debugfs tracefs bpf pstore configfs efivarfs rootfs`.split(/\s+/),
);

/**
 * Kind of mount by mount id (proc_pid_mountinfo(5)). statfs(2) would ask the file system itself,
 * which is what may block. The table is read again whenever the kernel reports a change of mounts
 * (POLLPRI, to poll or to who waits for it).
 */
export class Mounts {
  readonly #watch = sys("openat", abi.AT_FDCWD, c("/proc/self/mountinfo"), abi.O_CLOEXEC);
  #kinds = new Map<number, MountKind>();
  #read = false;
  readonly #mayWait: boolean;
  readonly #request = pollfd.encode({ fd: this.#watch, events: POLLPRI });
  /** A change is told before whatever came after it: no need to ask each time. */
  #isTold = false;

  /** `mayWait`: whoever asks may be kept waiting. */
  constructor(mayWait: boolean) {
    this.#mayWait = mayWait;
  }

  /** `local` and `slow` are one for whoever may wait; for all others `slow` is for a worker. */
  kind(mount: number): Exclude<MountKind, "slow"> {
    const kind = this.#kind(mount);
    if (kind !== "slow") return kind;
    if (this.#mayWait) return "local";
    throw new Settled(WORKER);
  }

  /**
   * Whether somebody else may have to answer for what lies there. Of a mount that is not in the
   * table nobody knows.
   */
  isSlow(mount: number): boolean {
    const kind = this.#kind(mount);
    return kind === "slow" || kind === "unknown";
  }

  /**
   * From now on `epoll` tells of changes. The kernel queues one before the next call of whoever
   * made it.
   */
  toldBy(epoll: Epoll): void {
    const told = epoll.add(this.#watch, POLLPRI, {
      ready: () => {
        this.#read = false;
      },
    });
    // Adding it has asked for what had changed before.
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

/** `proc`: device number of what /proc is. */
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
