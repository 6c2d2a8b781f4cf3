import type { Event } from "../../events/event.ts";
import type { Request } from "../../model/request.ts";
import { E } from "../sys/abi.ts";
import { type Errno, errnoOf } from "../sys/errno.ts";
import type { Stat } from "../sys/sys.ts";

/** What one notified call comes to: every ordinary result of judging it and of doing it. */
export type Outcome =
  /**
   * The kernel runs the call with whatever the target's memory holds by then. Sealed: let Landlock
   * decide, safe only for calls that it checks itself. Supervised: what counts lies in registers,
   * or the level asks for nothing but a look.
   */
  | { readonly kind: "continue" }
  /** A rehearsal came to the first effect: all that was asked is inside the domain. */
  | Granted
  | { readonly kind: "value"; readonly value: number }
  /** What the kernel would have said too (ENOENT, EEXIST, ...): no event. */
  | { readonly kind: "error"; readonly errno: Errno }
  /** A descriptor of the mediator's that the target gets; the loop closes it. */
  | {
      readonly kind: "descriptor";
      readonly fd: number;
      readonly closeOnExec: boolean;
      /**
       * What is left to do once the target has the descriptor; a negated error number where it
       * fails. Nothing of it is done for a target that has no room for one.
       */
      readonly afterwards?: () => number;
      /** Takes back what was done, for when there is no room. Leaves `fd` open. */
      readonly undo?: () => void;
    }
  /**
   * The call was cancelled, since its thread was killed. Nobody waits for an answer, and a thread
   * of that number may be another one.
   */
  | { readonly kind: "vanished" }
  /**
   * The call leads to what may keep its caller waiting: the loop must not, a worker may. Nothing
   * has been done yet; the worker decides and answers.
   */
  | { readonly kind: "worker" }
  /** The holder lets the kernel execute a path, and ends the process if it leads elsewhere now. */
  | { readonly kind: "held"; readonly judged: JudgedProgram }
  /**
   * Begun, and not yet done: the loop goes on with others and asks again when the descriptor is
   * ready.
   */
  | Pending
  | Refused
  | Unable
  /**
   * An event, then `answer`: what is outside the domain and granted since the level says so, was
   * denied after some of what was asked had been done, or is granted and changes what can be seen.
   */
  | {
      readonly kind: "reported";
      readonly verdict: "warning" | "denied" | "noted";
      readonly refusal: Refusal;
      readonly answer: Answer;
    };

/** An outcome that the loop can act on: {@link attempt} has made it of one that it cannot. */
export type Answer = Exclude<Outcome, Granted | Unable>;

export interface Granted {
  readonly kind: "granted";
}

/** Files that a process may map when it has executed something. */
export interface JudgedProgram {
  readonly program: Stat;
  /** Its dynamic loader. */
  readonly loader: Stat | null;
}

/**
 * The mediator cannot do it or cannot know what it would do, whatever the policy says: said by code
 * that works for any call. {@link attempt} makes a refusal of it, which names the call.
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
  /** Polled for these; left out, for writing (POLLOUT). */
  readonly events?: number;
  /** What to answer now that it is ready; `pending` again if it is not after all. */
  readonly resume: () => Outcome;
}

/** What a refusal event says beside who asked. */
export interface Refusal {
  readonly class: string;
  readonly operation: string;
  readonly object: string;
  readonly reason: Event["reason"];
  /**
   * What was asked, as the log keeps it: `decide()` names the rule, `suggest()` the line that would
   * have allowed it. null where no rule is about it.
   */
  readonly request: Request | null;
  /** See {@link Event}. */
  readonly help?: string;
}

export const CONTINUE: Answer = { kind: "continue" };
export const GRANTED: Outcome = { kind: "granted" };
export const VANISHED: Answer = { kind: "vanished" };
export const WORKER: Answer = { kind: "worker" };

/** Outside the domain at a level that lets it go on. */
export function goesOn(refusal: Refusal): Answer {
  return { kind: "reported", verdict: "warning", refusal, answer: CONTINUE };
}

export function error(errno: Errno): Answer {
  return { kind: "error", errno };
}

/** The result of a system call made for the target: the value, or the error as it is. */
export function result(value: number): Answer {
  return value < 0 ? error(errnoOf(value)) : { kind: "value", value };
}

/** See {@link Unable}. */
export function cannot(errno: Errno, why: string): Unable {
  return { kind: "unable", errno, why };
}

/** The same of a call whose name is known. */
export function unable(errno: Errno, operation: string, object: string): Refused {
  return beyondPolicy("mediator", errno, operation, object);
}

/** The call would be made outside of what its process confines itself by. */
export function ofConfined(operation: string, confinement: string): Refused {
  return unable(E.PERM, operation, `asked by a process with its own ${confinement}`);
}

/** What no sealed domain may do, or not in this way, whatever the policy says. */
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
