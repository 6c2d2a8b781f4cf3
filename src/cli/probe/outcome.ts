import { constants } from "node:os";
import type { Decision } from "../../model/verdict.ts";
import type { Attempt } from "./attempts.ts";

/** Of one attempt: 0, an errno, or 1000 and a signal. */
export type Result = number;

/**
 * `possible`: the domain did it. `refused`: it did not. `absent`: there is nothing that could be
 * reached.
 */
export interface Outcome {
  readonly attempt: Attempt;
  readonly outcome: "possible" | "refused" | "absent";
  /** Who refused it. */
  readonly by: "Cofferdam" | "ordinary permissions" | "the kernel" | null;
  /** Ordinary permissions refuse it before Cofferdam would. */
  readonly isDeniedToo: boolean;
  /** The rule that decided, or null. */
  readonly rule: string | null;
  /** The domain did what its policy does not grant. */
  readonly isGap: boolean;
  readonly inside: Result;
  readonly outside: Result;
}

const { errno } = constants;
/** Node does not know it; asm-generic/errno.h. */
const ESOCKTNOSUPPORT = 94;

/**
 * The permission was there: the call failed for its empty arguments, or because no server listens.
 */
const reached: readonly Result[] = [
  0,
  errno.EFAULT,
  errno.EINVAL,
  errno.E2BIG,
  errno.ENOEXEC,
  errno.ECONNREFUSED,
  errno.EINPROGRESS,
  errno.EAGAIN,
  errno.EADDRINUSE,
  errno.EPROTOTYPE,
  errno.ENETUNREACH,
  errno.EHOSTUNREACH,
  errno.EADDRNOTAVAIL,
  errno.ENOTTY,
  errno.ENOTEMPTY,
];
const missing: readonly Result[] = [
  errno.ENOENT,
  errno.ENOTDIR,
  errno.ENXIO,
  errno.ENOSYS,
  errno.EAFNOSUPPORT,
  errno.EPROTONOSUPPORT,
  ESOCKTNOSUPPORT,
  errno.EOPNOTSUPP,
];
/** Of `native/probe`: an attempt was ended by the signal of the rest. */
const SIGNALLED = 1_000;
const forbidden: readonly Result[] = [errno.EPERM, errno.EACCES];

/** `outside`: the same attempt by the same user at level disabled: Cofferdam refuses nothing. */
export function outcomeOf(
  attempt: Attempt,
  inside: Result,
  outside: Result,
  decision: Decision,
): Outcome {
  const rule = decision.by?.text ?? null;
  const told = { attempt, inside, outside, rule, isGap: false, isDeniedToo: false };
  if (isReached(attempt, inside)) {
    return { ...told, outcome: "possible", by: null, isGap: decision.outcome === "denied" };
  }
  if (isReached(attempt, outside)) return { ...told, outcome: "refused", by: "Cofferdam" };
  if (missing.includes(outside)) return { ...told, outcome: "absent", by: null };
  const by = forbidden.includes(outside) ? "ordinary permissions" : "the kernel";
  return { ...told, outcome: "refused", by, isDeniedToo: decision.outcome === "denied" };
}

/** A call with arguments of no meaning fails in many ways once it is let through. */
function isReached({ request }: Attempt, result: Result): boolean {
  if (reached.includes(result)) return true;
  const isCall = request.class === "syscall" && result !== SIGNALLED + constants.signals.SIGSYS;
  return isCall && !forbidden.includes(result) && result !== errno.ENOSYS;
}
