import { readFileSync, readlinkSync } from "node:fs";
import { abi } from "./abi.ts";
import { type Credentials, readCredentials } from "./credentials.ts";
import { Memory } from "./memory.ts";
import { close, openat, sys } from "./sys.ts";

/** The target died or cannot be looked at. Its call is refused; nobody may be left to hear it. */
export class TargetGone extends Error {}

/** What the target sees differs from what the mediator sees, so that a name means another thing there. */
export type Foreign = "user namespace" | "mount namespace" | "security label" | null;

/** One stopped thread whose call is being judged. Everything is read on first use; `close()` gives the descriptors back. */
export class Target {
  readonly tid: number;
  #memory: Memory | null = null;
  #credentials: Credentials | null = null;
  #root: number | null = null;
  readonly #held: number[] = [];

  constructor(tid: number) {
    this.tid = tid;
  }

  get memory(): Memory {
    this.#memory ??= new Memory(this.tid);
    return this.#memory;
  }

  get credentials(): Credentials {
    if (this.#credentials === null) {
      try {
        this.#credentials = readCredentials(this.tid);
      } catch (cause) {
        throw new TargetGone(`thread ${this.tid}`, { cause });
      }
    }
    return this.#credentials;
  }

  /** Its root directory as an O_PATH descriptor. */
  get root(): number {
    this.#root ??= this.#open(`/proc/${this.tid}/root`);
    return this.#root;
  }

  /** Its working directory for AT_FDCWD, or whatever a descriptor number of its own stands for, as an O_PATH descriptor; negated error if it is none. */
  directory(fd: number): number {
    return fd === abi.AT_FDCWD ? this.#open(`/proc/${this.tid}/cwd`) : this.descriptor(fd);
  }

  /** The object behind one of the target's descriptors. Goes by this very thread's table: threads need not share one. */
  descriptor(fd: number): number {
    if (fd < 0) return -9;
    const own = openat(abi.AT_FDCWD, `/proc/${this.tid}/fd/${fd}`, abi.O_PATH);
    if (own === -2) return -9;
    if (own >= 0) this.#held.push(own);
    return own;
  }

  /** A descriptor of the same open file (pidfd_getfd(2)), for sockets; negated error otherwise. */
  sameFile(fd: number): number {
    const leader = this.tid === this.credentials.tgid;
    const pidfd = sys("pidfd_open", this.tid, leader ? 0 : abi.PIDFD_THREAD);
    if (pidfd < 0) return pidfd;
    const copy = sys("pidfd_getfd", pidfd, fd, 0);
    close(pidfd);
    if (copy >= 0) this.#held.push(copy);
    return copy;
  }

  foreign(): Foreign {
    if (this.#namespace("user") !== ownNamespace("user")) return "user namespace";
    if (this.#namespace("mnt") !== ownNamespace("mnt")) return "mount namespace";
    return label(this.tid) === ownLabel() ? null : "security label";
  }

  /** Closes `fd` together with the rest. */
  keep(fd: number): number {
    if (fd >= 0) this.#held.push(fd);
    return fd;
  }

  close(): void {
    this.#memory?.close();
    for (const fd of this.#held) close(fd);
    this.#held.length = 0;
  }

  #open(path: string): number {
    const fd = openat(abi.AT_FDCWD, path, abi.O_PATH | abi.O_DIRECTORY);
    if (fd < 0) throw new TargetGone(`${path}: error ${-fd}`);
    return this.keep(fd);
  }

  #namespace(kind: string): string {
    try {
      return readlinkSync(`/proc/${this.tid}/ns/${kind}`);
    } catch (cause) {
      throw new TargetGone(`thread ${this.tid}`, { cause });
    }
  }
}

const own = new Map<string, string>();

function ownNamespace(kind: string): string {
  let known = own.get(kind);
  if (known === undefined) {
    known = readlinkSync(`/proc/self/ns/${kind}`);
    own.set(kind, known);
  }
  return known;
}

function ownLabel(): string {
  let known = own.get("label");
  if (known === undefined) {
    known = label("self");
    own.set("label", known);
  }
  return known;
}

/** The label of SELinux, AppArmor or Smack; empty where no such module answers (read gives EINVAL). */
function label(thread: number | "self"): string {
  try {
    return readFileSync(`/proc/${thread}/attr/current`, "latin1");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && (cause.code === "EINVAL" || cause.code === "ENOENT")) return "";
    throw new TargetGone(`thread ${thread}`, { cause });
  }
}
