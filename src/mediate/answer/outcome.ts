import type { Event } from "../../events/event.ts";
import type { Request } from "../../model/request.ts";
import { E } from "../sys/abi.ts";
import { type Errno, errnoOf } from "../sys/errno.ts";
import type { Stat } from "../sys/sys.ts";

/** The result of judging a notified call and of carrying it out. */
export type Outcome =
  /**
   * The kernel makes the call, and reads the target's memory again. In a sealed domain Landlock
   * then decides, so this is safe only for calls that Landlock checks. In a supervised domain the
   * decision rests on registers, or the level lets every call go on.
   */
  | { readonly kind: "continue" }
  /** A rehearsal reached the first effect: everything requested is inside the domain. */
  | Granted
  | { readonly kind: "value"; readonly value: number }
  /** An error that the kernel would have returned, too (ENOENT, EEXIST, ...). No event. */
  | { readonly kind: "error"; readonly errno: Errno }
  /** A descriptor of the mediator's for the target. The loop closes it. */
  | {
      readonly kind: "descriptor";
      readonly fd: number;
      readonly closeOnExec: boolean;
      /**
       * Runs once the target has the descriptor, and not if the target has no room for one. Returns
       * a negated error number on failure.
       */
      readonly afterwards?: () => number;
      /** Undoes the call if the target has no room for the descriptor. Leaves `fd` open. */
      readonly undo?: () => void;
    }
  /**
   * The call was cancelled because its thread was killed. No answer is due, and another thread may
   * have that number.
   */
  | { readonly kind: "vanished" }
  /**
   * The call may block, which the loop must not do. Nothing has been done yet; a worker decides and
   * answers.
   */
  | { readonly kind: "worker" }
  /** The holder lets the kernel execute a path, and kills the process if another program runs. */
  | { readonly kind: "held"; readonly judged: JudgedProgram }
  /**
   * Begun and not yet done. The loop serves other calls and resumes this one when the descriptor is
   * ready.
   */
  | Pending
  | Refused
  | Unable
  /**
   * An event, then `answer`. `warning`: outside the domain, and granted because of the level.
   * `denied`: a further denial, or one after part of the call was done. `noted`: granted, and
   * changes what can be judged.
   */
  | {
      readonly kind: "reported";
      readonly verdict: "warning" | "denied" | "noted";
      readonly refusal: Refusal;
      readonly answer: Answer;
    };

export type Answer = Exclude<Outcome, Granted | Unable>;

export interface Granted {
  readonly kind: "granted";
}

export interface JudgedProgram {
  readonly program: Stat;
  readonly loader: Stat | null;
}

/**
 * Whatever the policy says, the mediator cannot make the call or cannot tell what it would do. Code
 * that does not know the call's name returns this; {@link attempt} makes a refusal that names the
 * call.
 */
export interface Unable {
  readonly kind: "unable";
  readonly errno: Errno;
  readonly why: string;
}

export interface Refused {
  readonly kind: "refused";
  readonly errno: Errno;
  readonly refusal: Refusal;
}

export interface Pending {
  readonly kind: "pending";
  readonly fd: number;
  /** The events to poll for; POLLOUT where left out. */
  readonly events?: number;
  /** Called when the descriptor is ready. Returns `pending` again if it is not. */
  readonly resume: () => Outcome;
}

export interface Refusal {
  readonly class: string;
  readonly operation: string;
  readonly object: string;
  readonly reason: Event["reason"];
  /**
   * As logged: `decide()` names the rule, and `suggest()` the line that would have allowed it. null
   * if no rule concerns it.
   */
  readonly request: Request | null;
  /** See {@link Event}. */
  readonly help?: string;
}

export const CONTINUE: Answer = { kind: "continue" };
export const GRANTED: Outcome = { kind: "granted" };
export const VANISHED: Answer = { kind: "vanished" };
export const WORKER: Answer = { kind: "worker" };

export function telling(
  verdict: "warning" | "denied",
  refusals: readonly Refusal[],
  answer: Answer,
): Answer {
  return refusals.reduceRight<Answer>(
    (then, refusal) => ({ kind: "reported", verdict, refusal, answer: then }),
    answer,
  );
}

export function goesOn(refusal: Refusal): Answer {
  return telling("warning", [refusal], CONTINUE);
}

export function error(errno: Errno): Answer {
  return { kind: "error", errno };
}

export function result(value: number): Answer {
  return value < 0 ? error(errnoOf(value)) : { kind: "value", value };
}

export function cannot(errno: Errno, why: string): Unable {
  return { kind: "unable", errno, why };
}

export function unable(errno: Errno, operation: string, object: string): Refused {
  return beyondPolicy("mediator", errno, operation, object);
}

/** The mediator's call would not be subject to the process's own confinement. */
export function ofConfined(operation: string, confinement: string): Refused {
  return unable(E.PERM, operation, `asked by a process with its own ${confinement}`);
}

/** For calls, or forms of a call, that no sealed domain may use, whatever the policy says. */
export function never(errno: Errno, operation: string, object: string): Refused {
  return beyondPolicy("never", errno, operation, object);
}

function beyondPolicy(
  reason: "mediator" | "never",
  errno: Errno,
  operation: string,
  object: string,
): Refused {
  return {
    kind: "refused",
    errno,
    refusal: { class: "syscall", operation, object, reason, request: null },
  };
}
