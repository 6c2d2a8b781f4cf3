import { fstatSync } from "node:fs";
import { mediatorDescriptors, SLOTS_BYTES } from "../../plan/slots.ts";

/** What a holder hands over, as descriptors of this process. */
export interface Handed {
  /** Of the domain's seccomp filter. */
  readonly listener: number;
  /** memfd of the calls in flight (`plan/slots.ts`). */
  readonly slots: number;
  /** memfd of the plan. */
  readonly plan: number;
  /** Pipe of `run --events`; null: events go to the log. */
  readonly events: number | null;
  /** null where nobody can hold an execve: in a worker, or beside a holder of an older version. */
  readonly holder: Holder | null;
}

/** Who holds what is executed (`native/exec-hold.c`). */
export interface Holder {
  /** Socket on which both say that there is something to look at in the slots. */
  readonly bell: number;
  /**
   * Pid namespaces between this process's /proc and the holder: the holder knows a thread by that
   * place in its list of numbers (NSpid in proc_pid_status(5)).
   */
  readonly depth: number;
  /** Its number in this process's /proc; 0 where it has no other for itself. */
  readonly pid: number;
}

/** The memory of the slots has room for executions: that holder knows what they are. */
export function holdsExecs(slots: number): boolean {
  return fstatSync(slots).size === SLOTS_BYTES;
}

/**
 * What a mediator or worker was started with. A holder without a pipe for events gives /dev/null:
 * a number that it left free would be one of Node's own by now.
 */
export function inherited(): Handed {
  const { listener, slots, plan, events } = mediatorDescriptors;
  const pipe = fstatSync(events).isFIFO() ? events : null;
  return { listener, slots, plan, events: pipe, holder: null };
}

/** The same with the holder that started this mediator. */
export function inheritedFromHolder(): Handed {
  const handed = inherited();
  const holder = holdsExecs(handed.slots)
    ? { bell: mediatorDescriptors.holder, depth: 0, pid: 0 }
    : null;
  return { ...handed, holder };
}
