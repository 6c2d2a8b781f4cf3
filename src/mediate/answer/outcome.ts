import type { Event } from "../../events/event.ts";
import type { Request } from "../../model/request.ts";
import { type Errno, errnoOf } from "../sys/errno.ts";
import type { Stat } from "../sys/sys.ts";

/** What the mediator answers to one notified call. */
export type Outcome =
  /**
   * The kernel runs the call with whatever the target's memory holds by then. Sealed: let Landlock
   * decide, safe only for calls that it checks itself. Supervised: what counts lies in registers,
   * or the level asks for nothing but a look.
   */
  | { readonly kind: "continue" }
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
  /** The thread was killed meanwhile: nobody to tell. */
  | { readonly kind: "vanished" }
  /** Nothing is done yet, and it may take its time: a worker decides and answers. */
  | { readonly kind: "worker" }
  /** The holder lets the kernel execute a path, and ends the process if that leads elsewhere now. */
  | { readonly kind: "held"; readonly judged: JudgedProgram }
  /**
   * Begun, and not yet done: the loop goes on with others and asks again when the descriptor is
   * ready.
   */
  | Pending
  | Refused
  /**
   * An event, then `answer`: what is outside the domain and granted since the level says so, was
   * denied after some of what was asked had been done, or is granted and changes what can be seen.
   */
  | {
      readonly kind: "reported";
      readonly verdict: "warning" | "denied" | "noted";
      readonly refusal: Refusal;
      readonly answer: Outcome;
    };

/** Files that a process may map when it has executed something. */
export interface JudgedProgram {
  readonly program: Stat;
  /** Its dynamic loader. */
  readonly loader: Stat | null;
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
   * The request that `suggest()` can turn into the line that would have allowed it; null where no
   * line can.
   */
  readonly request: Request | null;
  /** See {@link Event}. */
  readonly help?: string;
}

export const CONTINUE: Outcome = { kind: "continue" };

/** Outside the domain at a level that lets it go on. */
export function goesOn(refusal: Refusal): Outcome {
  return { kind: "reported", verdict: "warning", refusal, answer: CONTINUE };
}

export function error(errno: Errno): Outcome {
  return { kind: "error", errno };
}

/** The result of a system call made for the target: the value, or the error as it is. */
export function result(value: number): Outcome {
  return value < 0 ? error(errnoOf(value)) : { kind: "value", value };
}

/** The mediator cannot do it or cannot know what it would do, whatever the policy says. */
export function unable(errno: Errno, operation: string, object: string): Refused {
  return beyondPolicy("mediator", errno, operation, object);
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
