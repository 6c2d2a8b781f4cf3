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

export interface Notification {
  readonly tid: number;
  readonly number: number;
  word(index: number): bigint;
  low(index: number): number;
  /** Whether the thread still waits for an answer (SECCOMP_IOCTL_NOTIF_ID_VALID). */
  stillWaiting(): boolean;
  /** Marks the slot as `started`: from here on the call may have had an effect. */
  started(): void;
  /** Marks the slot as `received` again: the attempt had no effect. */
  undone(): void;
}

interface Manner {
  readonly effectiveIds?: boolean;
  /** false: the operation makes nothing with a mode, so the target's umask is not read. */
  readonly makes?: boolean;
}

/** What an effect acts on: a name, or a socket that is reached through no name. */
export type ActedOn = "names" | "socket";

export class Call {
  readonly broker: Broker;
  readonly number: number;
  /** null for a call that is newer than the table. */
  readonly row: SystemCall | null;
  readonly name: string;
  readonly target: Target;
  readonly level: Level;
  /**
   * At level warning a call is judged and not made: judging ends before the first effect ({@link
   * effect}).
   */
  readonly rehearses: boolean;
  readonly #notification: Notification;
  #isTarget = false;
  readonly #whenClosed: (() => void)[] = [];
  #confinement: string | null | undefined;
  #confinementOfSocket: string | null | undefined;

  constructor(broker: Broker, notification: Notification) {
    this.broker = broker;
    this.number = notification.number;
    this.row = systemCallOf(notification.number);
    this.name = this.row?.name ?? "";
    this.level = broker.supervised ? broker.level() : "enforcing";
    this.rehearses = this.level === "warning";
    const looks = {
      glance: this.rehearses,
      // A worker sees only some calls.
      remembers: broker.supervised && !broker.mayWait,
      check: () => this.check(),
    };
    this.target = new Target(notification.tid, broker.threads, looks, broker.descriptors);
    this.#notification = notification;
  }

  close(): void {
    for (const step of this.#whenClosed.splice(0)) step();
    this.target.close();
  }

  whenClosed(step: () => void): void {
    this.#whenClosed.push(step);
  }

  word(index: number): bigint {
    return this.#notification.word(index);
  }

  /** An argument that the kernel takes as `int`. */
  int(index: number): number {
    return this.#notification.low(index) | 0;
  }

  /** An argument that the kernel takes as `unsigned int`. */
  unsigned(index: number): number {
    return this.#notification.low(index);
  }

  /**
   * `directory` is the index of the descriptor argument that the path starts from; null for the
   * working directory.
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
   * Settles the call if its thread no longer waits. What was read before came from the thread with
   * this number. If the call still waits, the number was the caller's all the time, so the caller
   * was read.
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
   * An openat2 of a sealed domain. Its flags and mode lie in memory, so it is never left to the
   * kernel. If the mediator cannot make it as the kernel would, it returns ENOSYS. The caller then
   * uses openat, whose arguments are in registers and which Landlock checks.
   */
  get fallsBack(): boolean {
    return !this.supervised && this.name === "openat2";
  }

  /**
   * For an answer that the kernel will give as well. A sealed domain's call is left to the kernel,
   * which checks it again. In a supervised domain no later layer does.
   */
  leave(answer: Outcome): Outcome {
    return this.supervised || this.fallsBack ? answer : CONTINUE;
  }

  /**
   * Runs `operation` as the target. It may still read another thread that got the number; {@link
   * effect} checks that. A rehearsal opens only O_PATH descriptors and leaves the target's own
   * rights to the kernel, so it takes no identity. A worker always takes the effective ids, because
   * user-space file systems go by them (fuse_allow_current_process).
   */
  asTarget<T>(
    operation: () => T,
    { effectiveIds = this.broker.mayWait, makes = true }: Manner = {},
  ): T {
    if (this.rehearses) return operation();
    // A nested call must not take the identity again: the inner one would restore it too early, and
    // the rest would run as the mediator.
    if (this.#isTarget) return effectiveIds ? this.effectively(operation) : operation();
    const { credentials } = this.target;
    this.target.root;
    // Read now, because reading it takes the mediator's own rights.
    this.confinementOn("names");
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
   * The process's own confinement, which an effect through the mediator would bypass. null if the
   * process sees what its domain saw at the start (`domain/view.ts`) and has not confined itself.
   * For a socket that no path leads to, the process's mounts do not count; its label and Landlock
   * domain do.
   */
  confinementOn(on: ActedOn): string | null {
    if (this.#confinement === undefined)
      this.#confinement = this.target.foreign() ?? this.#ownLandlockDomain();
    if (on === "names" || this.#confinement !== "mount namespace") return this.#confinement;
    if (this.#confinementOfSocket === undefined)
      this.#confinementOfSocket = this.target.foreignLabel() ?? this.#ownLandlockDomain();
    return this.#confinementOfSocket;
  }

  #ownLandlockDomain(): string | null {
    const { target, broker } = this;
    return broker.selfConfined.has(target.credentials.tgid) ? "Landlock domain" : null;
  }

  refuseConfined(on: ActedOn): void {
    const confinement = this.confinementOn(on);
    if (confinement !== null) throw new Settled(ofConfined(this.name, confinement));
  }

  /** No other thread can exchange one of the caller's descriptors while it waits. */
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
   * Makes a system call with an effect: checks once more that the thread waits, marks the slot,
   * then makes the call with those of the target's capabilities that the policy grants. Refused for
   * a process with a confinement or namespaces of its own, which the mediator's call would bypass.
   */
  effect(operation: () => number, on: ActedOn = "names"): number {
    if (this.rehearses) throw settledAsGranted;
    this.refuseConfined(on);
    this.check();
    this.#notification.started();
    if (!this.supervised || !this.#isTarget) return operation();
    return this.broker.identity.narrowed(this.broker.grantedCapabilities, operation);
  }

  /** The attempt had no effect. It will be repeated, perhaps by a successor. */
  cameToNothing(): void {
    this.#notification.undone();
  }

  /** Within {@link asTarget}: with the target's effective ids, too. */
  effectively<T>(operation: () => T): T {
    return this.#isTarget
      ? this.broker.identity.effectively(this.target.credentials, operation)
      : operation();
  }

  /**
   * Within {@link asTarget}: with the rights that a process has on its own entries in /proc,
   * whatever its ids are.
   */
  asItself<T>(name: Bytes, operation: () => T): T {
    const needed = this.#isTarget ? neededForOneself(this.target, name) : 0n;
    return needed === 0n ? operation() : this.broker.identity.widened(needed, operation);
  }
}
