import type { Event } from "../../events/event.ts";
import type { Request } from "../../model/request.ts";
import { E } from "../sys/abi.ts";
import { type Errno, errnoOf } from "../sys/errno.ts";
import type { Stat } from "../sys/sys.ts";

/** The result of judging a notified call and of carrying it out. */
export type Outcome =
  /**
   * The kernel runs the call with the target's memory as it is by then. In a sealed domain Landlock
   * then decides, so this is safe only for calls that Landlock checks. In a supervised domain the
   * decision rests on registers, or the level lets every call go on.
   */
  | { readonly kind: "continue" }
  /** A rehearsal reached the first effect: everything that was asked is inside the domain. */
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
       * Runs once the target has the descriptor; returns a negated error number where it fails. Not
       * called where the target has no room for a descriptor.
       */
      readonly afterwards?: () => number;
      /** Undoes the call where the target has no room for the descriptor. Leaves `fd` open. */
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
   * `denied`: denied after part of the call had been done. `noted`: granted, and changes what can
   * be judged.
   */
  | {
      readonly kind: "reported";
      readonly verdict: "warning" | "denied" | "noted";
      readonly refusal: Refusal;
      readonly answer: Answer;
    };

/** An outcome that the loop can act on, as {@link attempt} returns it. */
export type Answer = Exclude<Outcome, Granted | Unable>;

export interface Granted {
  readonly kind: "granted";
}

/** The files that a process may map right after its execve. */
export interface JudgedProgram {
  readonly program: Stat;
  /** The dynamic loader of `program`. */
  readonly loader: Stat | null;
}

/**
 * The mediator cannot make the call, or cannot tell what it would do, whatever the policy says.
 * Returned by code that does not know the call's name; {@link attempt} makes a refusal of it that
 * names the call.
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
  /** Called when the descriptor is ready. Returns `pending` again where it is not. */
  readonly resume: () => Outcome;
}

/** What a refusal event says, besides its process. */
export interface Refusal {
  readonly class: string;
  readonly operation: string;
  readonly object: string;
  readonly reason: Event["reason"];
  /**
   * The request, as the log keeps it: `decide()` names the rule, and `suggest()` the line that
   * would have allowed it. null where no rule concerns it.
   */
  readonly request: Request | null;
  /** See {@link Event}. */
  readonly help?: string;
}

export const CONTINUE: Answer = { kind: "continue" };
export const GRANTED: Outcome = { kind: "granted" };
export const VANISHED: Answer = { kind: "vanished" };
export const WORKER: Answer = { kind: "worker" };

/** Outside the domain, at a level that lets the call go on. */
export function goesOn(refusal: Refusal): Answer {
  return { kind: "reported", verdict: "warning", refusal, answer: CONTINUE };
}

export function error(errno: Errno): Answer {
  return { kind: "error", errno };
}

/** The result of a system call made for the target: its value or its error. */
export function result(value: number): Answer {
  return value < 0 ? error(errnoOf(value)) : { kind: "value", value };
}

/** See {@link Unable}. */
export function cannot(errno: Errno, why: string): Unable {
  return { kind: "unable", errno, why };
}

/** {@link cannot} for a call whose name is known. */
export function unable(errno: Errno, operation: string, object: string): Refused {
  return beyondPolicy("mediator", errno, operation, object);
}

/** The mediator's call would not be subject to the process's own confinement. */
export function ofConfined(operation: string, confinement: string): Refused {
  return unable(E.PERM, operation, `asked by a process with its own ${confinement}`);
}

/** For what no sealed domain may do, or not in this way, whatever the policy says. */
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
