import { Settled } from "../answer/settled.ts";
import type { DescriptorBudget } from "../domain/descriptor-budget.ts";
import { abi, E } from "../sys/abi.ts";
import { type Bytes, close, openat, readlinkat, sys, typeAt } from "../sys/sys.ts";
import type { Credentials, Status } from "./credentials.ts";
import { Memory } from "./memory.ts";
import {
  areLabelled,
  type Foreign,
  foreign,
  foreignLabel,
  foreignNamespace,
} from "./namespaces.ts";
import { GONE } from "./target-gone.ts";
import type { Looked, Thread, Threads } from "./threads.ts";

/** Bytes read of /proc/TID/fdinfo/N: its first lines, position and flags. */
const FLAGS_BYTES = 128;
const line = Buffer.alloc(FLAGS_BYTES);

/**
 * One stopped thread whose call is judged. Everything is read on first use, through descriptors
 * that stand for the thread itself. `close()` closes the descriptors that were opened for this
 * call.
 */
export class Target {
  readonly tid: number;
  readonly #threads: Threads;
  #memory: Memory | null = null;
  #credentials: Credentials | null = null;
  #status: Status | null = null;
  #known: Thread | null = null;
  readonly #glance: boolean;
  readonly #remembers: boolean;
  readonly #check: () => void;
  #root = -1;
  readonly #held: number[] = [];
  readonly #budget: DescriptorBudget;

  /**
   * `glance`: the call needs no identity, so whether a remembered thread lives is only noticed when
   * opening one of its entries fails. `remembers`: the mediator sees every call that changes the
   * thread's namespaces, so they may be remembered for its next call. `check` settles a call that
   * no longer waits.
   */
  constructor(
    tid: number,
    threads: Threads,
    { glance, remembers, check }: { glance: boolean; remembers: boolean; check: () => void },
    budget: DescriptorBudget,
  ) {
    this.tid = tid;
    this.#check = check;
    this.#threads = threads;
    this.#glance = glance;
    this.#remembers = remembers;
    this.#budget = budget;
  }

  get memory(): Memory {
    this.#memory ??= new Memory(this.tid, this.#check);
    return this.#memory;
  }

  get credentials(): Credentials {
    if (this.#credentials === null) this.#look();
    if (this.#credentials === null) throw new Settled(GONE);
    return this.#credentials;
  }

  get status(): Status {
    if (this.#status === null) this.#take(this.#threads.read(this.tid));
    if (this.#status === null) throw new Settled(GONE);
    return this.#status;
  }

  get thread(): Thread {
    if (this.#glance) this.#known ??= this.#threads.find(this.tid);
    return this.#known ?? this.#look();
  }

  #look(): Thread {
    const looked = this.#threads.look(this.tid);
    const { alike } = this.#threads;
    if (alike.groups === undefined) {
      this.#check();
      alike.learn(looked.credentials);
    }
    return this.#take(looked);
  }

  #take({ thread, credentials, status }: Looked): Thread {
    // The first credentials that were read are used for the whole call.
    const { hasCapabilities } = this.#threads.view;
    this.#credentials ??= hasCapabilities ? credentials : withoutCapabilities(credentials);
    this.#status = status;
    this.#known = thread;
    return thread;
  }

  /**
   * Opens one of the thread's entries in /proc. Returns a descriptor that the caller closes, or a
   * negated error number.
   */
  entry(path: string, flags: number): number {
    return this.#below((directory) => openat(directory, path, flags));
  }

  #below<T>(operation: (directory: number) => T): T {
    const got = operation(this.thread.directory);
    if (!this.#glance || (got !== -E.NOENT && got !== -E.SRCH)) return got;
    this.#known = this.#threads.find(this.tid, true);
    return operation(this.#known.directory);
  }

  get root(): number {
    if (this.#root < 0)
      this.#root = this.#threads.roots?.common(() => this.#opened("root")) ?? this.#open("root");
    return this.#root;
  }

  /** The kernel's names begin there. */
  get hasRootOfView(): boolean {
    return this.#threads.roots?.isView(this.root) ?? false;
  }

  /**
   * The directory that a call names, O_PATH: the working directory for AT_FDCWD, otherwise the
   * object behind a descriptor. A negated error number if there is none.
   */
  directory(fd: number): number {
    return fd === abi.AT_FDCWD ? this.#open("cwd") : this.descriptor(fd);
  }

  /** Read from this thread's table, because threads need not share one. */
  descriptor(fd: number): number {
    if (fd < 0) return -E.BADF;
    const own = this.entry(`fd/${fd}`, abi.O_PATH);
    if (own === -E.NOENT) return -E.BADF;
    return this.keep(own);
  }

  /** {@link descriptor} for a link in /proc/self/fd: ENOENT if there is no such descriptor. */
  linked(fd: number): number {
    const found = this.descriptor(fd);
    return found === -E.BADF ? -E.NOENT : found;
  }

  /** {@link descriptor} for calls that accept no O_PATH descriptor (open(2)): EBADF for one. */
  openDescriptor(fd: number): number {
    const found = this.descriptor(fd);
    if (found < 0) return found;
    const info = this.entry(`fdinfo/${fd}`, 0);
    if (info < 0) return -E.BADF;
    const got = sys("pread64", info, line, line.length, 0);
    close(info);
    const flags = /^flags:\t([0-7]+)/m.exec(line.toString("latin1", 0, Math.max(got, 0)))?.[1];
    return flags === undefined || (Number.parseInt(flags, 8) & abi.O_PATH) !== 0 ? -E.BADF : found;
  }

  /**
   * The text of /proc/TID/fd/N, or a negated error number: EBADF if there is no such descriptor.
   */
  link(fd: number): Bytes | number {
    if (fd < 0) return -E.BADF;
    const text = this.#below((directory) => linkOf(directory, `fd/${fd}`));
    return text === -E.NOENT ? -E.BADF : text;
  }

  typeOf(fd: number): number {
    if (fd < 0) return -E.BADF;
    const type = this.#below((directory) => typeAt(directory, `fd/${fd}`));
    return type === -E.NOENT ? -E.BADF : type;
  }

  /**
   * A copy of the target's descriptor, with the same open file, which the caller closes; or a
   * negated error number. For {@link sameFile} only.
   */
  copyOf(fd: number): number {
    const { pidfd: kept } = this.thread;
    if (kept >= 0) return sys("pidfd_getfd", kept, fd, 0);
    const leader = this.tid === this.credentials.tgid;
    return copyDescriptor(this.tid, fd, leader ? 0 : abi.PIDFD_THREAD);
  }

  foreign(): Foreign {
    if (!this.#remembers) return foreign(this.thread.directory, this.#threads.view);
    const { foreign: common } = this.#threads.alike;
    // Of all this, an execve can change only the label.
    if (common !== undefined && (common !== null || !areLabelled())) return common;
    const { thread } = this;
    if (thread.foreign === undefined) {
      const namespace = common === undefined ? this.#foreignNamespace(thread) : common;
      thread.foreign = namespace ?? foreignLabel(thread.directory);
    }
    return thread.foreign;
  }

  /** Reached only if {@link foreign} finds no namespace of the target's own. */
  foreignLabel(): Foreign {
    return foreignLabel(this.thread.directory);
  }

  #foreignNamespace({ directory }: Thread): Foreign {
    const { alike, view } = this.#threads;
    const found = foreignNamespace(directory, view);
    if (alike.stand) {
      this.#check();
      alike.learnForeign(found);
    }
    return found;
  }

  /**
   * Keeps `fd` open until {@link close}. If the budget is exhausted it is closed and the call
   * settled.
   */
  keep(fd: number): number {
    if (fd < 0) return fd;
    const exhausted = this.#budget.take();
    if (exhausted !== null) {
      close(fd);
      throw new Settled(exhausted);
    }
    this.#held.push(fd);
    return fd;
  }

  /** Closes `fd` now, if it is kept. */
  giveUp(fd: number): void {
    const at = this.#held.indexOf(fd);
    if (at < 0) return;
    this.#held.splice(at, 1);
    this.#closeKept(fd);
  }

  /** Runs an operation and closes what was kept during it. */
  givingBack<T>(operation: () => T): T {
    const before = this.#held.length;
    try {
      return operation();
    } finally {
      for (const fd of this.#held.splice(before)) this.#closeKept(fd);
    }
  }

  /** For a call that waits: closes all kept descriptors but `needed`. */
  keepOnly(needed: readonly number[]): void {
    for (const fd of this.#held.splice(0)) {
      if (needed.includes(fd)) this.#held.push(fd);
      else this.#closeKept(fd);
    }
  }

  #closeKept(fd: number): void {
    this.#budget.giveBack();
    // It is opened again when next asked for.
    if (fd === this.#root) this.#root = -1;
    close(fd);
  }

  close(): void {
    for (const fd of this.#held.splice(0)) this.#closeKept(fd);
  }

  #open(path: "root" | "cwd"): number {
    return this.keep(this.#opened(path));
  }

  #opened(path: "root" | "cwd"): number {
    const fd = this.entry(path, abi.O_PATH | abi.O_DIRECTORY);
    if (fd < 0) throw new Settled(GONE);
    return fd;
  }
}

/**
 * A copy of a thread's descriptor, with the same open file, which the caller closes; or a negated
 * error number. `flags` of pidfd_open(2): PIDFD_THREAD for a thread that leads no process.
 */
export function copyDescriptor(tid: number, fd: number, flags = 0): number {
  const pidfd = sys("pidfd_open", tid, flags);
  if (pidfd < 0) return pidfd;
  const copy = sys("pidfd_getfd", pidfd, fd, 0);
  close(pidfd);
  return copy;
}

function linkOf(directory: number, path: Bytes): Bytes | number {
  const text = readlinkat(directory, path);
  return typeof text === "number" ? -text : text;
}

function withoutCapabilities(credentials: Credentials): Credentials {
  return { ...credentials, effective: 0n, permitted: 0n };
}
