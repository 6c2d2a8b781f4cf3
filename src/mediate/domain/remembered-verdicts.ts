import { performance } from "node:perf_hooks";
import type { Policy } from "../../model/policy.ts";
import type { Outcome } from "../answer/outcome.ts";
import type { Call } from "../calls/call.ts";
import { abi } from "../sys/abi.ts";
import type { Broker } from "./broker.ts";
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
  readonly outcome: Outcome;
  /** Milliseconds (performance.now) until which it is believed. */
  readonly until: number;
}

interface Verdicts {
  /** The policy they were given by. */
  readonly policy: Policy;
  /** Not every thread of the domain has the same root and mounts. */
  differ: boolean;
  /** By what was asked. */
  readonly known: Map<string, Verdict>;
}

const ofBroker = new WeakMap<Broker, Verdicts>();

/**
 * Level warning only: what an open came to that was judged less than {@link VERDICT_AGE_MS_MAX}
 * ago, inside or outside; null where it must be judged. Whoever asks goes on either way. What this
 * can miss is a warning, never a denial: for that time, if a directory or link on the way was
 * exchanged by others; what the domain's own calls do to names makes it forgotten ({@link
 * forgetVerdicts}).
 */
export function lately(call: Call): Outcome | null {
  if (call.broker.mayWait) return null;
  const key = keyOf(call);
  call.verdictKey = key;
  if (key === null) return null;
  const known = of(call.broker).known.get(key);
  return known !== undefined && known.until > performance.now() ? known.outcome : null;
}

/**
 * To be called with what a rehearsal came to: everything was granted, or the policy says what was
 * not.
 */
export function remember(call: Call, outcome: Outcome): void {
  const key = call.verdictKey;
  if (key === null || (outcome.kind === "reported" && mayMake(call))) return;
  const { known } = of(call.broker);
  // In order of age, but for those that were judged again: each makes room for one.
  known.delete(key);
  for (const oldest of known.keys()) {
    if (known.size < VERDICTS_KEPT_MAX) break;
    known.delete(oldest);
  }
  known.set(key, { outcome, until: performance.now() + VERDICT_AGE_MS_MAX });
}

/** A path may lead elsewhere from now on. */
export function forgetVerdicts(broker: Broker): void {
  of(broker).known.clear();
}

/** A thread may have another root or other mounts than the others from now on. */
export function tellThreadsApart(broker: Broker): void {
  of(broker).differ = true;
  forgetVerdicts(broker);
}

function of(broker: Broker): Verdicts {
  const known = ofBroker.get(broker);
  if (known !== undefined && known.policy === broker.policy) return known;
  const fresh = {
    policy: broker.policy,
    differ: known?.differ ?? false,
    known: new Map<string, Verdict>(),
  };
  ofBroker.set(broker, fresh);
  return fresh;
}

/** Outside, it is told to make the name the first time and to change it the next. */
function mayMake(call: Call): boolean {
  return (call.int(OPENS[call.name]?.flags ?? 0) & abi.O_CREAT) !== 0;
}

function keyOf(call: Call): string | null {
  const where = OPENS[call.name];
  if (where === undefined) return null;
  const path = call.target.memory.string(call.word(where.path));
  const absolute = path.startsWith("/");
  if (
    absolute ? isPersonal(path) : where.directory >= 0 && call.int(where.directory) !== abi.AT_FDCWD
  )
    return null;
  const flags = call.int(where.flags) & TELLING;
  return absolute && !of(call.broker).differ
    ? `${flags} ${path}`
    : `${flags} ${call.target.tid} ${path}`;
}
