import { fstatSync } from "node:fs";
import { mediatorDescriptors, SLOTS_BYTES } from "../../plan/slots.ts";
import { close } from "../sys/sys.ts";

/** The namespaces in which the domain began, the holder's; null if one is this process's. */
export interface Namespaces {
  readonly mounts: number | null;
  readonly users: number | null;
}

export const OWN_NAMESPACES: Namespaces = { mounts: null, users: null };

/** What a holder hands over, as descriptors of this process. */
export interface Handed extends Namespaces {
  readonly listener: number;
  readonly slots: number;
  readonly plan: number;
  /** The pipe of `run --events`, beside the log; null where there is none. */
  readonly events: number | null;
  /** null if no execution can be traced: in a worker, or with a holder of an older version. */
  readonly holder: Holder | null;
}

export interface Holder {
  /** The socket on which either side tells the other to look at the slots. */
  readonly bell: number;
  /**
   * The number of pid namespaces between this process's /proc and the holder. It is the index of
   * the holder's number for a thread in NSpid (proc_pid_status(5)).
   */
  readonly depth: number;
  /** The holder's process id in this process's /proc; 0 if the holder uses the same /proc. */
  readonly pid: number;
}

/** Closes what was handed over and no domain object has taken. The holder's bell stays open. */
export function closeHanded({ listener, slots, plan, events, mounts, users }: Handed): void {
  for (const fd of [listener, slots, plan, events, mounts, users])
    if (fd !== null && fd >= 0) close(fd);
}

/** The slots' memory has room for executions only if the holder supports them. */
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
  return { listener, slots, plan, events: pipe, ...OWN_NAMESPACES, holder: null };
}

/** {@link inherited} in a worker: with the namespaces at these numbers, or /dev/null there. */
export function inheritedByWorker({ mounts, users }: { mounts: number; users: number }): Handed {
  const orNone = (fd: number): number | null => (fstatSync(fd).isFile() ? fd : null);
  return { ...inherited(), mounts: orNone(mounts), users: orNone(users) };
}

export function inheritedFromHolder(): Handed {
  const handed = inherited();
  const holder = holdsExecs(handed.slots)
    ? { bell: mediatorDescriptors.holder, depth: 0, pid: 0 }
    : null;
  return { ...handed, holder };
}
