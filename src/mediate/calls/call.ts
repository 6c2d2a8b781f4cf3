import type { SystemCall } from "../../kernel/system-calls/call.ts";
import { systemCallOf } from "../../kernel/system-calls/table.ts";
import type { Level } from "../../model/policy.ts";
import { CONTINUE, type Outcome, ofConfined, VANISHED } from "../answer/outcome.ts";
import { Settled, settledAsGranted } from "../answer/settled.ts";
import type { Broker } from "../domain/broker.ts";
import { abi } from "../sys/abi.ts";
import type { Bytes } from "../sys/sys.ts";
import { Target } from "../target/target.ts";
import { walk } from "../walk/walk.ts";
import type { Follow, PathArgument, WalkContext, Walked } from "../walk/walk-context.ts";
import { neededForOneself } from "./processes/itself.ts";

/** What the loop offers a call beside its registers. */
export interface Notification {
  readonly tid: number;
  /** Of the system call. */
  readonly number: number;
  /** Argument register by index. */
  word(index: number): bigint;
  /** Its low half. */
  low(index: number): number;
  /** SECCOMP_IOCTL_NOTIF_ID_VALID. */
  stillWaiting(): boolean;
  /** Marks the slot `started`: from here on the call may have had an effect. */
  started(): void;
  /** Marks it `received` again: what was tried came to nothing. */
  undone(): void;
}

/** How something is done as the target. */
interface Manner {
  /** With its effective ids beside those of the file system. */
  readonly effectiveIds?: boolean;
  /** false: nothing is made that would have a mode, so that the target's umask is not asked for. */
  readonly makes?: boolean;
}

/** One notified system call with its arguments, read once. */
export class Call {
  readonly broker: Broker;
  /** Of the system call. */
  readonly number: number;
  /** null for one that is newer than the table. */
  readonly row: SystemCall | null;
  readonly name: string;
  readonly target: Target;
  /** As it was when the call was received. */
  readonly level: Level;
  /**
   * Level warning: everything is judged and nothing done, which ends where the first effect would
   * be ({@link effect}).
   */
  readonly rehearses: boolean;
  readonly #notification: Notification;
  /** The target's identity is taken. */
  #isTarget = false;
  readonly #whenClosed: (() => void)[] = [];
  #confinement: string | null | undefined;

  constructor(broker: Broker, notification: Notification) {
    this.broker = broker;
    this.number = notification.number;
    this.row = systemCallOf(notification.number);
    this.name = this.row?.name ?? "";
    this.level = broker.supervised ? broker.level() : "enforcing";
    this.rehearses = this.level === "warning";
    const looks = {
      glance: this.rehearses,
      // A worker is told of some calls only.
      remembers: broker.supervised && !broker.mayWait,
      check: () => this.check(),
    };
    this.target = new Target(notification.tid, broker.threads, looks, broker.descriptors);
    this.#notification = notification;
  }

  /** Once it is answered, or nobody waits for an answer. */
  close(): void {
    for (const step of this.#whenClosed.splice(0)) step();
    this.target.close();
  }

  whenClosed(step: () => void): void {
    this.#whenClosed.push(step);
  }

  /** The whole register. */
  word(index: number): bigint {
    return this.#notification.word(index);
  }

  /** An argument that the kernel takes as `int`: the low half, signed. */
  int(index: number): number {
    return this.#notification.low(index) | 0;
  }

  /** An argument that the kernel takes as `unsigned int`. */
  unsigned(index: number): number {
    return this.#notification.low(index);
  }

  /**
   * A path with the directory it starts from; `directory` is the index of the descriptor argument,
   * or null for the working directory.
   */
  path(directory: number | null, path: number): PathArgument {
    const text = this.target.memory.string(this.word(path));
    if (text.startsWith("/")) return { text, start: this.target.root };
    return {
      text,
      start: this.target.directory(directory === null ? abi.AT_FDCWD : this.int(directory)),
    };
  }

  /**
   * Somebody still waits. All that was read went through descriptors of one thread; that it is the
   * one that waits is known if it still does now, since its number was its own all the while.
   */
  check(): void {
    if (!this.isAwaited) throw new Settled(VANISHED);
  }

  get isAwaited(): boolean {
    return this.#notification.stillWaiting();
  }

  get supervised(): boolean {
    return this.broker.supervised;
  }

  /**
   * openat2 of a sealed domain. Its flags and mode lie in memory, so that it never goes on; what
   * the mediator cannot do as the kernel would is said to be absent (ENOSYS): the caller then asks
   * by openat, whose registers say all, and which the domain's layer checks.
   */
  get fallsBack(): boolean {
    return !this.supervised && this.name === "openat2";
  }

  /**
   * What the kernel will say as well: sealed leaves it to the kernel, where that checks the call
   * again; supervised has nothing below that would.
   */
  leave(answer: Outcome): Outcome {
    return this.supervised || this.fallsBack ? answer : CONTINUE;
  }

  /**
   * Runs `operation` as the target. What is looked at within may still be another's: {@link effect}
   * makes sure. A rehearsal opens nothing but O_PATH descriptors, and the kernel will judge the
   * target's own rights: no identity is taken. A worker always takes effective ids: file systems of
   * user space go by them (fuse_allow_current_process), and it is the domain's own.
   */
  asTarget<T>(
    operation: () => T,
    { effectiveIds = this.broker.mayWait, makes = true }: Manner = {},
  ): T {
    if (this.rehearses) return operation();
    // Taken once more it would be given back too early, and the rest done as the mediator.
    if (this.#isTarget) return effectiveIds ? this.effectively(operation) : operation();
    const { credentials } = this.target;
    this.target.root;
    // Looked at with the mediator's own rights.
    this.confinement;
    const umask = makes ? this.target.status.umask : null;
    return this.broker.identity.as(credentials, effectiveIds, umask, () => {
      this.#isTarget = true;
      try {
        return operation();
      } finally {
        this.#isTarget = false;
      }
    });
  }

  /**
   * What the process has of its own that an effect through the mediator would undo; null for one
   * that sees what the mediator sees, and is under no other confinement.
   */
  get confinement(): string | null {
    if (this.#confinement !== undefined) return this.#confinement;
    const { target, broker } = this;
    const isConfined = () => broker.selfConfined.has(target.credentials.tgid);
    this.#confinement = target.foreign() ?? (isConfined() ? "Landlock domain" : null);
    return this.#confinement;
  }

  /** Nobody else can put another object behind one of its descriptors while it waits. */
  get isAlone(): boolean {
    return this.target.status.threads === 1 && !this.broker.descriptorTables.mayBeShared;
  }

  /** Only within {@link asTarget}. */
  walk(
    path: PathArgument,
    follow: Follow,
    more: Partial<Pick<WalkContext, "procfs" | "makes" | "objectOnly" | "resolve">> = {},
  ): Walked {
    return walk(path, {
      target: this.target,
      mounts: this.broker.mounts,
      follow,
      procfs: more.procfs ?? "never",
      makes: more.makes ?? false,
      objectOnly: more.objectOnly ?? false,
      resolve: more.resolve ?? 0,
      asItself: (name, look) => this.asItself(name, look),
    });
  }

  /**
   * A system call with an effect: the last look at whether anybody waits, then the mark, then the
   * call, with those of the target's capabilities that the policy grants. Nothing is done for a
   * process with a confinement or namespaces of its own, which that would undo.
   */
  effect(operation: () => number): number {
    if (this.rehearses) throw settledAsGranted;
    if (this.confinement !== null) throw new Settled(ofConfined(this.name, this.confinement));
    this.check();
    this.#notification.started();
    if (!this.supervised || !this.#isTarget) return operation();
    return this.broker.identity.narrowed(this.broker.grantedCapabilities, operation);
  }

  /** What was tried had no effect, and is tried again later: a successor may do so too. */
  cameToNothing(): void {
    this.#notification.undone();
  }

  /** Within {@link asTarget}: with its effective ids beside those of the file system. */
  effectively<T>(operation: () => T): T {
    return this.#isTarget
      ? this.broker.identity.effectively(this.target.credentials, operation)
      : operation();
  }

  /** Within {@link asTarget}: what a process may see of itself in /proc, whoever it has become. */
  asItself<T>(name: Bytes, operation: () => T): T {
    const needed = this.#isTarget ? neededForOneself(this.target, name) : 0n;
    return needed === 0n ? operation() : this.broker.identity.widened(needed, operation);
  }
}
