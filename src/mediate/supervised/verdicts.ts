import { performance } from "node:perf_hooks";
import type { Policy } from "../../model/policy.ts";
import { abi } from "../abi.ts";
import type { Broker } from "../broker.ts";
import type { Call } from "../call.ts";
import { VERDICT_AGE_MS_MAX, VERDICTS_KEPT_MAX } from "./limits.ts";

/** Where an open has its path and flags; of others nothing is remembered. */
const OPENS: Readonly<Record<string, { readonly path: number; readonly flags: number; readonly directory: number }>> = {
  open: { path: 0, flags: 1, directory: -1 },
  openat: { path: 1, flags: 2, directory: 0 },
};
/** What of the flags decides what must be granted. */
const TELLING =
  abi.O_ACCMODE | abi.O_CREAT | abi.O_EXCL | abi.O_TRUNC | abi.O_TMPFILE | abi.O_NOFOLLOW | abi.O_DIRECTORY;
/** Paths whose meaning hangs on who asks. */
const isPersonal = (path: string): boolean => path.startsWith("/proc/") || path.startsWith("/dev/");

interface Verdicts {
  /** The policy they were given by. */
  policy: Policy;
  /** Not every process of the domain has the same root. */
  roots: boolean;
  /** By what was asked: milliseconds (performance.now) until which it is believed. */
  readonly inside: Map<string, number>;
}

const ofBroker = new WeakMap<Broker, Verdicts>();

/**
 * Level warning only, and only what was found inside: an open that was judged less than {@link VERDICT_AGE_MS_MAX} ago is not judged again. What this can
 * miss is a warning, never a denial: for that time, if a directory or link on the way was exchanged by others.
 */
export function insideLately(call: Call): boolean {
  const key = keyOf(call);
  call.verdictKey = key;
  if (key === null || call.broker.mayWait) return false;
  const until = of(call.broker).inside.get(key);
  return until !== undefined && until > performance.now();
}

/** To be called when a rehearsal has come to its end: everything was granted. */
export function rememberInside(call: Call): void {
  const key = call.verdictKey;
  if (key === null) return;
  const { inside } = of(call.broker);
  if (inside.size >= VERDICTS_KEPT_MAX) inside.clear();
  inside.set(key, performance.now() + VERDICT_AGE_MS_MAX);
}

export function forgetVerdicts(broker: Broker, because: string): void {
  const verdicts = of(broker);
  verdicts.inside.clear();
  verdicts.roots ||= because !== "chdir" && because !== "fchdir";
}

function of(broker: Broker): Verdicts {
  const known = ofBroker.get(broker);
  if (known !== undefined && known.policy === broker.policy) return known;
  const fresh = { policy: broker.policy, roots: known?.roots ?? false, inside: new Map<string, number>() };
  ofBroker.set(broker, fresh);
  return fresh;
}

function keyOf(call: Call): string | null {
  const where = OPENS[call.name];
  if (where === undefined) return null;
  const path = call.target.memory.string(call.word(where.path));
  const absolute = path.startsWith("/");
  if (absolute ? isPersonal(path) : where.directory >= 0 && call.int(where.directory) !== abi.AT_FDCWD) return null;
  const flags = call.int(where.flags) & TELLING;
  return absolute && !of(call.broker).roots ? `${flags} ${path}` : `${flags} ${call.target.tid} ${path}`;
}
