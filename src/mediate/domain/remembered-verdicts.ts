import { performance } from "node:perf_hooks";
import { number } from "../../kernel/syscalls.ts";
import type { Answer } from "../answer/outcome.ts";
import { unlessSettled } from "../answer/settled.ts";
import { abi } from "../sys/abi.ts";
import type { Bytes } from "../sys/sys.ts";
import { copied, copyString } from "../target/memory.ts";
import type { Target } from "../target/target.ts";
import { keepLatest } from "./keep-latest.ts";
import { VERDICT_AGE_MS_MAX, VERDICTS_KEPT_MAX } from "./limits.ts";

/** The indexes of an open's arguments. */
interface Open {
  readonly path: number;
  readonly flags: number;
  readonly directory: number | null;
}

const OPENS: ReadonlyMap<number, Open> = new Map([
  [numberOf("open"), { path: 0, flags: 1, directory: null }],
  [numberOf("openat"), { path: 1, flags: 2, directory: 0 }],
]);
/** The flags that decide which permissions are required. */
const TELLING =
  abi.O_ACCMODE |
  abi.O_CREAT |
  abi.O_EXCL |
  abi.O_TRUNC |
  abi.O_TMPFILE |
  abi.O_NOFOLLOW |
  abi.O_DIRECTORY;
const SLASH = "/".charCodeAt(0);
/** Paths whose meaning depends on the calling thread. */
const isPersonal = (path: Bytes): boolean => path.startsWith("/proc/") || path.startsWith("/dev/");
/** Stands for all threads. */
const EVERY_THREAD = 0;
/** FNV-1a, 32 bits. */
const HASH_BASIS = 0x811c9dc5;
const HASH_PRIME = 0x01000193;

/** Implemented by `calls/call.ts`. */
interface JudgedCall {
  readonly number: number;
  readonly target: Pick<Target, "tid" | "memory">;
  readonly broker: { readonly mayWait: boolean };
  word(argument: number): bigint;
  int(argument: number): number;
}

interface Verdict {
  readonly path: Bytes;
  readonly flags: number;
  /** {@link EVERY_THREAD}, or the thread on whose root or working directory the verdict depends. */
  readonly thread: number;
  readonly answer: Answer;
  /** The time (performance.now(), milliseconds) until which the verdict is believed. */
  readonly until: number;
}

/** Read before the call's thread is looked at. */
export interface Registers {
  readonly tid: number;
  readonly number: number;
  argumentLow(index: number): number;
  argumentHigh(index: number): number;
}

/**
 * The latest verdicts of one domain's opens, kept at level warning only, where the call goes on in
 * either case. A remembered verdict can therefore miss a warning, never a denial. It does so if a
 * process outside the domain exchanges a directory or link of the path within {@link
 * VERDICT_AGE_MS_MAX}. When the domain's own calls change names, all verdicts are dropped.
 *
 * Nearly all calls of a daemon at level warning are answered from here. So a lookup allocates
 * nothing and makes one system call, which copies the path.
 */
export class RememberedVerdicts {
  /** By {@link hashOfCopied}; a later verdict replaces one with the same hash. */
  readonly #known = new Map<number, Verdict>();
  #differ = false;

  /**
   * The remembered answer; null if the call must be judged. If the caller was killed and another
   * thread has its number, the path may be that thread's. CONTINUE is sound even then, because the
   * kernel takes an answer only while the call waits. Before any other answer the user of this
   * function must check that the call still waits. `now`: performance.now().
   */
  lately(asked: Registers, now: number): Answer | null {
    if (this.#known.size === 0) return null;
    const open = OPENS.get(asked.number);
    if (open === undefined) return null;
    const low = asked.argumentLow(open.path);
    const high = asked.argumentHigh(open.path);
    const length = copyString(asked.tid, low, high, abi.PATH_MAX);
    if (length <= 0 || length === abi.PATH_MAX) return null;
    const absolute = copied[0] === SLASH;
    const from = open.directory === null ? abi.AT_FDCWD : asked.argumentLow(open.directory) | 0;
    if (!absolute && from !== abi.AT_FDCWD) return null;
    const flags = asked.argumentLow(open.flags) & TELLING;
    const thread = this.#threadOf(asked.tid, absolute);
    const known = this.#known.get(hashOfCopied(length, flags, thread));
    if (known === undefined || known.flags !== flags || known.thread !== thread) return null;
    if (known.until <= now || !isCopied(known.path, length)) return null;
    return known.answer;
  }

  /** Call with the result of a rehearsal: all was granted, or the policy denies a request. */
  remember(call: JudgedCall, answer: Answer): void {
    const open = OPENS.get(call.number);
    // A worker does not see the calls that invalidate verdicts.
    if (open === undefined || call.broker.mayWait) return;
    const flags = call.int(open.flags) & TELLING;
    // A denied open with O_CREAT first requests to create the name, and the next time to change it.
    if (answer.kind === "reported" && (flags & abi.O_CREAT) !== 0) return;
    // While the path is unreadable or too long, the verdict may concern another part of the call.
    const path = unlessSettled(() => call.target.memory.string(call.word(open.path)));
    if (path === null) return;
    const absolute = path.startsWith("/");
    const from = open.directory === null ? abi.AT_FDCWD : call.int(open.directory);
    if (absolute ? isPersonal(path) : from !== abi.AT_FDCWD) return;
    const thread = this.#threadOf(call.target.tid, absolute);
    copied.write(path, "latin1");
    const hash = hashOfCopied(path.length, flags, thread);
    const until = performance.now() + VERDICT_AGE_MS_MAX;
    keepLatest(this.#known, hash, { path, flags, thread, answer, until }, VERDICTS_KEPT_MAX);
  }

  /** Call when a path may lead elsewhere, or another policy is in force. */
  forget(): void {
    this.#known.clear();
  }

  /** Call when a thread may get another root or other mounts than the others. */
  tellThreadsApart(): void {
    this.#differ = true;
    this.forget();
  }

  #threadOf(tid: number, absolute: boolean): number {
    return absolute && !this.#differ ? EVERY_THREAD : tid;
  }
}

function hashOfCopied(length: number, flags: number, thread: number): number {
  let hash = Math.imul(Math.imul(HASH_BASIS ^ flags, HASH_PRIME) ^ thread, HASH_PRIME);
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (copied[i] ?? 0), HASH_PRIME);
  return hash;
}

function isCopied(path: Bytes, length: number): boolean {
  if (path.length !== length) return false;
  for (let i = 0; i < length; i++) if (path.charCodeAt(i) !== copied[i]) return false;
  return true;
}

function numberOf(name: string): number {
  return number(name) ?? -1;
}
