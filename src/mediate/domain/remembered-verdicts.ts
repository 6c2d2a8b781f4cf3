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

/** Which of its registers are what. */
interface Open {
  readonly path: number;
  readonly flags: number;
  /** null where it takes none. */
  readonly directory: number | null;
}

/** Of other calls nothing is remembered. */
const OPENS: ReadonlyMap<number, Open> = new Map([
  [numberOf("open"), { path: 0, flags: 1, directory: null }],
  [numberOf("openat"), { path: 1, flags: 2, directory: 0 }],
]);
/** What of the flags decides what must be granted. */
const TELLING =
  abi.O_ACCMODE |
  abi.O_CREAT |
  abi.O_EXCL |
  abi.O_TRUNC |
  abi.O_TMPFILE |
  abi.O_NOFOLLOW |
  abi.O_DIRECTORY;
const SLASH = "/".charCodeAt(0);
/** Paths whose meaning hangs on who asks. */
const isPersonal = (path: Bytes): boolean => path.startsWith("/proc/") || path.startsWith("/dev/");
/** Instead of a thread's number, of what holds for all of them. */
const EVERY_THREAD = 0;
/** FNV-1a, 32 bits. */
const HASH_BASIS = 0x811c9dc5;
const HASH_PRIME = 0x01000193;

/** What is asked of a call whose verdict may be remembered; `calls/call.ts` has all of it. */
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
  /** {@link EVERY_THREAD}, or the one whose root or working directory it hangs on. */
  readonly thread: number;
  /** What was answered: let go on, with or without a warning. */
  readonly answer: Answer;
  /** Milliseconds (performance.now) until which it is believed. */
  readonly until: number;
}

/** A call of x86_64 that was received, before anything of its thread is looked at. */
export interface Registers {
  readonly tid: number;
  /** Of the system call. */
  readonly number: number;
  argumentLow(index: number): number;
  argumentHigh(index: number): number;
}

/**
 * What opens of one domain came to lately, at level warning alone, where the call goes on either
 * way. This can miss a warning, never a denial: for {@link VERDICT_AGE_MS_MAX}, if a process
 * outside the domain exchanges a directory or link on the way. What the domain's own calls do to
 * names makes verdicts forgotten.
 *
 * Nearly all calls of a daemon at level warning end here, so that looking one up allocates nothing
 * and makes one system call, which copies the path.
 */
export class RememberedVerdicts {
  /** By {@link hashOfCopied}: of two with the same hash the later one is remembered. */
  readonly #known = new Map<number, Verdict>();
  /** Not every thread of the domain has the same root and mounts. */
  #differ = false;

  /**
   * What to answer, inside or outside; null where it must be judged. The path may be
   * another thread's, if the caller was killed and its number given anew. To answer CONTINUE is
   * sound nevertheless: the kernel takes an answer only while the call waits. For every other
   * answer the caller of this function looks whether it still waits. `now`:
   * performance.now().
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

  /**
   * To be called with what a rehearsal came to: everything was granted, or the policy says what was
   * not.
   */
  remember(call: JudgedCall, answer: Answer): void {
    const open = OPENS.get(call.number);
    // A worker is not told of what makes verdicts forgotten.
    if (open === undefined || call.broker.mayWait) return;
    const flags = call.int(open.flags) & TELLING;
    // Outside, it is told to make the name the first time and to change it the next.
    if (answer.kind === "reported" && (flags & abi.O_CREAT) !== 0) return;
    // What was judged may have been another part of the call, and the path is nowhere or too long.
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

  /** A path may lead elsewhere from now on, or another policy is in force. */
  forget(): void {
    this.#known.clear();
  }

  /** A thread may have another root or other mounts than the others from now on. */
  tellThreadsApart(): void {
    this.#differ = true;
    this.forget();
  }

  #threadOf(tid: number, absolute: boolean): number {
    return absolute && !this.#differ ? EVERY_THREAD : tid;
  }
}

/** Of the first `length` bytes of what was copied, with the rest of what was asked. */
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
