import { place, type RecordLayout } from "./layout.ts";

/**
 * The memory in which the holder and mediators share the calls in flight (a memfd), so that no call
 * is stranded when a mediator dies. The mediator receives directly into a slot. It clears `notif`
 * before the next receive, but never `resp`: every answer is recorded there before it is sent,
 * which shows the holder that a mediator makes progress. While a mediator lives the holder only
 * watches. A successor finishes the calls that it finds.
 */
export const slot = [
  {
    name: "state",
    type: "u32",
    doc: "0 free, 1 received, 2 started, 3 done; of an execve: 4 the holder's, 5 over",
  },
  {
    name: "hands",
    type: "u32",
    doc: "by which mediators tell each other and their workers how far a call has come; 0 at first",
  },
] as const satisfies RecordLayout;

export const slotState = { free: 0, received: 1, started: 2, done: 3, held: 4, over: 5 } as const;

/** Calls in flight at one time. */
export const SLOT_COUNT = 64;
/** Size of a slot, bytes. */
export const SLOT_SIZE = 128;
/** Offset of struct seccomp_notif (80 bytes, linux/seccomp.h). */
export const SLOT_NOTIF_OFFSET = place(slot).size;
/** Offset of struct seccomp_notif_resp. */
export const SLOT_RESPONSE_OFFSET = SLOT_NOTIF_OFFSET + 80;
/** No call touches the rest of a slot, after struct seccomp_notif_resp. */
export const SLOT_BEHIND_OFFSET = SLOT_RESPONSE_OFFSET + 24;
/**
 * Records for successors lie after the last fields of some slots ({@link SLOT_BEHIND_OFFSET}). The
 * slot of each record is named below its layout.
 */

/** Events that were counted and not written (`mediate/report/untold.ts`). */
export const untold = [
  { name: "count", type: "u32", doc: "events" },
  { name: "spare", type: "u32", doc: "0" },
] as const satisfies RecordLayout;
export const UNTOLD_SLOTS = { mediator: 1, worker: 2 } as const;

/** Since when a process has had a confinement of its own (`mediate/domain/self-confined.ts`). */
export const selfConfined = [
  {
    name: "first",
    type: "u64",
    doc: "one more than the time of the first confinement, clock ticks since boot; 0: none yet",
  },
  {
    name: "adopts",
    type: "u32",
    doc: "1: no parent is believed to be one; from the start where the daemon adopts orphans",
  },
  { name: "spare", type: "u32", doc: "0" },
] as const satisfies RecordLayout;
export const SELF_CONFINED_SLOT = 0;

export const letGoOn = [
  {
    name: "rootsDiffer",
    type: "u32",
    doc: "1: one that gives a thread another root directory (`domain/roots.ts`)",
  },
  {
    name: "tablesShared",
    type: "u32",
    doc: "1: one that makes two processes share descriptors (`domain/descriptor-tables.ts`)",
  },
  {
    name: "groupsMove",
    type: "u32",
    doc: "1: one after which a number may be another thread's (`domain/standing-groups.ts`)",
  },
  {
    name: "threadsAlike",
    type: "u32",
    doc: "1: none yet by which threads differ; 2: one; 0: unknown (`domain/threads-alike.ts`)",
  },
] as const satisfies RecordLayout;
export const LET_GO_ON_SLOT = 3;

/** Before the first record both are 0 (`mediate/report/socket-records.ts`). */
export const recordsRead = [
  { name: "told", type: "u64", doc: "records that were passed on" },
  {
    name: "until",
    type: "u64",
    doc: "when the latest that was read was first made: CLOCK_MONOTONIC, nanoseconds",
  },
] as const satisfies RecordLayout;
export const RECORDS_SLOT = 4;
/**
 * 0 if reading has not begun, or everything was read. This record follows another one in its slot.
 */
export const recordsGroup = [
  { name: "id", type: "u64", doc: "of the control group" },
] as const satisfies RecordLayout;
export const RECORDS_GROUP = { slot: UNTOLD_SLOTS.mediator, offset: place(untold).size } as const;

/** The policy in force that was out of date when the domain started (`mediate/domain/live.ts`). */
export const outdatedPolicy = [
  {
    name: "numberPlusOne",
    type: "u32",
    doc: "of that policy; 0 before the first mediator has looked",
  },
] as const satisfies RecordLayout;
export const OUTDATED_POLICY = { slot: UNTOLD_SLOTS.worker, offset: place(untold).size } as const;

/** A process that is noted because of its confinement (`mediate/domain/noted-processes.ts`). */
export const notedProcess = [
  { name: "process", type: "u32", doc: "its id and, in the highest bit, for what; 0 is free" },
  { name: "ticks", type: "u32", doc: "clock ticks from its start to when it was noted" },
  { name: "start", type: "u64", doc: "when it began, clock ticks since boot" },
] as const satisfies RecordLayout;
/** The first slot with such a record; there is one in each from here on. */
export const NOTED_SLOTS_FROM = 5;

/**
 * An execve that was judged. The holder lets it go on and checks what runs (`native/exec-hold.c`).
 * There is one record per slot, after all slots. A mediator fills it and makes the slot `held`.
 * From then on both belong to the holder, until it makes the slot `over`. Any mediator that finds
 * it so reads the outcome and frees the slot, so that no call is stranded when either side dies.
 */
export const heldExec = [
  { name: "thread", type: "u32", doc: "that waits, as the holder's pid namespace numbers it" },
  { name: "process", type: "u32", doc: "its thread group, likewise" },
  { name: "listed", type: "u32", doc: "its thread group, as the mediator's /proc lists it" },
  {
    name: "holder",
    type: "u32",
    doc: "the holder, as the mediator's /proc lists it; 0: as itself",
  },
  { name: "programMajor", type: "u32", doc: "device of the program that was judged" },
  { name: "programMinor", type: "u32", doc: "likewise" },
  { name: "programInode", type: "u64", doc: "its inode" },
  { name: "programBorn", type: "i64", doc: "its birth, nanoseconds since the epoch; 0 unknown" },
  { name: "loaderMajor", type: "u32", doc: "device of its dynamic loader" },
  { name: "loaderMinor", type: "u32", doc: "likewise" },
  { name: "loaderInode", type: "u64", doc: "its inode; 0: the program has no loader" },
  { name: "loaderBorn", type: "i64", doc: "its birth" },
  {
    name: "outcome",
    type: "u32",
    doc: "0 none yet, 1 the call is over, 2 another program: ended, 3 not traced: not answered",
  },
  { name: "error", type: "u32", doc: "of outcome 3: why it cannot be traced (errno)" },
  { name: "foundBytes", type: "u32", doc: "of outcome 2: bytes behind this that name the program" },
  {
    name: "looks",
    type: "u32",
    doc: "1: the mediator looks by itself, and is not told when the call is simply over",
  },
] as const satisfies RecordLayout;

export const execOutcome = { none: 0, over: 1, other: 2, untraced: 3 } as const;

/** Size of such a record with the name of what was found, bytes. */
export const EXEC_SIZE = 1_024;
/** Limit on that name, bytes; a longer one is cut. */
export const EXEC_FOUND_MAX = EXEC_SIZE - place(heldExec).size;
/** Offset of the first record. */
export const EXECS_OFFSET = SLOT_COUNT * SLOT_SIZE;
/** Size of the memory, bytes. Older holders have no records of executions. */
export const SLOTS_BYTES = EXECS_OFFSET + SLOT_COUNT * EXEC_SIZE;

/**
 * Deaths in a row without an answer after which the holder answers itself: EIO for received calls,
 * EACCES for all later ones.
 */
export const MEDIATOR_RESTARTS_MAX = 5;

/**
 * The descriptors of a mediator. `events` is /dev/null without a collector. `summary` is the run's
 * standard error, or /dev/null in a run that is not attended. `holder`: a socket on which holder
 * and mediator tell each other to look at the slots ({@link EXEC_BELL}). `place`: of the host's
 * (`mediator-places.ts`), taken as long as this is open; /dev/null for ordinary users.
 */
export const mediatorDescriptors = {
  listener: 3,
  slots: 4,
  plan: 5,
  events: 6,
  summary: 7,
  holder: 8,
  place: 9,
} as const;

/**
 * Tells the other side to look at the slots, on that socket or on a holder's connection to the
 * shared mediator.
 */
export const EXEC_BELL = "CFDMEXEC";
