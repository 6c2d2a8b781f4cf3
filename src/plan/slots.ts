import { place, type RecordLayout } from "./layout.ts";

/**
 * The memory in which holder and mediator share the calls in flight (a memfd), so that the death of
 * a mediator strands nobody. The mediator receives straight into a slot; it clears `notif` before
 * the next receive, but never `resp`: every answer is recorded there before it is sent, by which
 * the holder sees that a mediator got on. While a mediator lives the holder only looks. A successor
 * finishes what it finds.
 */
export const slot = [
  { name: "state", type: "u32", doc: "0 free, 1 received, 2 started, 3 done" },
  { name: "reserved", type: "u32", doc: "0" },
] as const satisfies RecordLayout;

export const slotState = { free: 0, received: 1, started: 2, done: 3 } as const;

/** Calls in flight at one time. */
export const SLOT_COUNT = 64;
/** Bytes of one slot. */
export const SLOT_SIZE = 128;
/** Offset of struct seccomp_notif (80 bytes, linux/seccomp.h). */
export const SLOT_NOTIF_OFFSET = place(slot).size;
/** Offset of struct seccomp_notif_resp. */
export const SLOT_RESPONSE_OFFSET = SLOT_NOTIF_OFFSET + 80;
/** Bytes of struct seccomp_notif_resp; behind it is room in each slot, which no call touches. */
export const SLOT_BEHIND_OFFSET = SLOT_RESPONSE_OFFSET + 24;
/**
 * In whose slots lies how many events were counted and not written (`mediate/report/untold.ts`): of the
 * mediator, and of its worker.
 */
export const UNTOLD_SLOTS = { mediator: 1, worker: 2 } as const;
/**
 * In whose slot lies since when a process has a confinement of its own
 * (`mediate/domain/self-confined.ts`).
 */
export const SELF_CONFINED_SLOT = 0;
/**
 * In whose slot lie the words that say what calls were let go on since the start
 * (`mediate/domain/roots.ts`, `mediate/domain/descriptor-tables.ts`).
 */
export const WORDS_SLOT = 3;
/**
 * In whose slot lies what of the records of the control group's programs was read
 * (`mediate/report/socket-records.ts`): 0 and 0 before the first.
 */
export const RECORDS_SLOT = 4;
/**
 * In whose slot, behind what lies there already, is the id of the control group whose records a
 * mediator reads; 0 where nobody has begun, or everything was read.
 */
export const RECORDS_GROUP = { slot: UNTOLD_SLOTS.mediator, offset: 8 } as const;
/** From which slot on one process each is noted for that. */
export const NOTED_SLOTS_FROM = 5;
/**
 * Bytes behind the beginning of that: a word that says since the start that the daemon's process
 * adopts orphans (PR_SET_CHILD_SUBREAPER), so that a parent may be none.
 */
export const ADOPTS_OFFSET = 8;
/**
 * Deaths in a row without an answer after which the holder answers by itself: EIO to what was
 * received, EACCES to all that follows.
 */
export const MEDIATOR_RESTARTS_MAX = 5;

/**
 * Descriptors a mediator finds open; `events` is /dev/null without a collector; `summary`, the
 * run's standard error, is there only in an attended run.
 */
export const mediatorDescriptors = {
  listener: 3,
  slots: 4,
  plan: 5,
  events: 6,
  summary: 7,
} as const;
