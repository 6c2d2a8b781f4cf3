import { fstatSync } from "node:fs";
import { mediatorDescriptors, SLOTS_BYTES } from "../../plan/slots.ts";

/** What a holder hands over, as descriptors of this process. */
export interface Handed {
  /** The listener of the domain's seccomp filter. */
  readonly listener: number;
  /** The memfd of the calls in flight (`plan/slots.ts`). */
  readonly slots: number;
  /** memfd of the plan. */
  readonly plan: number;
  /** The pipe of `run --events`, beside the log; null where there is none. */
  readonly events: number | null;
  /** null where no execution can be traced: in a worker, or with a holder of an older version. */
  readonly holder: Holder | null;
}

/** The holder, which traces executions (`native/exec-hold.c`). */
export interface Holder {
  /** The socket on which either side tells the other to look at the slots. */
  readonly bell: number;
  /**
   * The number of pid namespaces from this process's /proc down to the holder's. It is the index of
   * the holder's number for a thread in NSpid (proc_pid_status(5)).
   */
  readonly depth: number;
  /**
   * The holder's process id in this process's /proc; 0 where the holder uses the same one itself.
   */
  readonly pid: number;
}

/** Whether the slots' memory has room for executions, which means that the holder supports them. */
export function holdsExecs(slots: number): boolean {
  return fstatSync(slots).size === SLOTS_BYTES;
}

/**
 * The descriptors with which a mediator or worker was started. A holder without a pipe for events
 * passes /dev/null, because Node would otherwise have used the free number.
 */
export function inherited(): Handed {
  const { listener, slots, plan, events } = mediatorDescriptors;
  const pipe = fstatSync(events).isFIFO() ? events : null;
  return { listener, slots, plan, events: pipe, holder: null };
}

/** {@link inherited} with the holder that started this mediator. */
export function inheritedFromHolder(): Handed {
  const handed = inherited();
  const holder = holdsExecs(handed.slots)
    ? { bell: mediatorDescriptors.holder, depth: 0, pid: 0 }
    : null;
  return { ...handed, holder };
}
