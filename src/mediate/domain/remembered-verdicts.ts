import { performance } from "node:perf_hooks";
import type { Answer } from "../answer/outcome.ts";
import type { Call } from "../calls/call.ts";
import { abi } from "../sys/abi.ts";
import { VERDICT_AGE_MS_MAX, VERDICTS_KEPT_MAX } from "./limits.ts";

/** Where an open has its path and flags; of others nothing is remembered. */
const OPENS: Readonly<
  Record<string, { readonly path: number; readonly flags: number; readonly directory: number }>
> = {
  open: { path: 0, flags: 1, directory: -1 },
  openat: { path: 1, flags: 2, directory: 0 },
};
/** What of the flags decides what must be granted. */
const TELLING =
  abi.O_ACCMODE |
  abi.O_CREAT |
  abi.O_EXCL |
  abi.O_TRUNC |
  abi.O_TMPFILE |
  abi.O_NOFOLLOW |
  abi.O_DIRECTORY;
/** Paths whose meaning hangs on who asks. */
const isPersonal = (path: string): boolean => path.startsWith("/proc/") || path.startsWith("/dev/");

interface Verdict {
  /** What was answered: let go on, with or without a warning. */
  readonly answer: Answer;
  /** Milliseconds (performance.now) until which it is believed. */
  readonly until: number;
}

/**
 * What opens of one domain came to lately, at level warning alone, where the call goes on either
 * way. This can miss a warning, never a denial: for {@link VERDICT_AGE_MS_MAX}, if a process
 * outside the domain exchanges a directory or link on the way. What the domain's own calls do to
 * names makes verdicts forgotten.
 */
export class RememberedVerdicts {
  /** By what was asked. */
  readonly #known = new Map<string, Verdict>();
  /** Not every thread of the domain has the same root and mounts. */
  #differ = false;

  /** What to answer, inside or outside; null where it must be judged. */
  lately(call: Call): Answer | null {
    if (call.broker.mayWait) return null;
    const key = keyOf(call, this.#differ);
    call.verdictKey = key;
    if (key === null) return null;
    const known = this.#known.get(key);
    return known !== undefined && known.until > performance.now() ? known.answer : null;
  }

  /**
   * To be called with what a rehearsal came to: everything was granted, or the policy says what was
   * not.
   */
  remember(call: Call, answer: Answer): void {
    const key = call.verdictKey;
    if (key === null || (answer.kind === "reported" && mayMake(call))) return;
    // In order of age, but for those that were judged again: each makes room for one.
    this.#known.delete(key);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < VERDICTS_KEPT_MAX) break;
      this.#known.delete(oldest);
    }
    this.#known.set(key, { answer, until: performance.now() + VERDICT_AGE_MS_MAX });
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
}

/** Outside, it is told to make the name the first time and to change it the next. */
function mayMake(call: Call): boolean {
  return (call.int(OPENS[call.name]?.flags ?? 0) & abi.O_CREAT) !== 0;
}

/** `differ`: the same path may lead each thread elsewhere. */
function keyOf(call: Call, differ: boolean): string | null {
  const where = OPENS[call.name];
  if (where === undefined) return null;
  const path = call.target.memory.string(call.word(where.path));
  const absolute = path.startsWith("/");
  if (
    absolute ? isPersonal(path) : where.directory >= 0 && call.int(where.directory) !== abi.AT_FDCWD
  )
    return null;
  const flags = call.int(where.flags) & TELLING;
  return absolute && !differ ? `${flags} ${path}` : `${flags} ${call.target.tid} ${path}`;
}
