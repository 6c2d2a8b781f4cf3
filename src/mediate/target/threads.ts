import { quick } from "../../kernel/quick.ts";
import { BROKERED_GROUPS_MAX } from "../../kernel/system-calls/privileges.ts";
import { cannot } from "../answer/outcome.ts";
import { Settled, unlessSettled } from "../answer/settled.ts";
import type { Roots } from "../domain/roots.ts";
import type { StandingGroups } from "../domain/standing-groups.ts";
import { MANY_GROUPS_MS, STATUS_BYTES_MAX } from "../limits.ts";
import { abi, E } from "../sys/abi.ts";
import { c, close, sys } from "../sys/sys.ts";
import { type Credentials, parseStatus, type Status } from "./credentials.ts";
import { copyOfNow, isAsBefore, readNow, tellsByPidfd, withNow } from "./credentials-now.ts";
import type { Foreign } from "./namespaces.ts";
import { GONE } from "./target-gone.ts";

/**
 * A thread's entries in /proc, held open. They stand for the thread and not for its number: once it
 * is gone every use of them fails.
 */
export interface Thread {
  /** /proc/TID, O_PATH; -1 once it is kept no longer. */
  directory: number;
  status: number;
  /** -1 for a thread that has asked once only, and where a pidfd tells nothing. */
  pidfd: number;
  /**
   * What was read of it last, as far as it tells who the thread is, and what that said: equal bytes
   * need no reading again.
   */
  text: Buffer;
  said: Status | null;
  /** What holds while ids and capabilities are these; null where its groups are not known. */
  asked: { readonly words: Uint32Array; readonly credentials: Credentials } | null;
  /** It has too many groups, and is not looked at before then (performance.now()). */
  refusedUntil: number;
  /** What was found of its namespaces and label; undefined when it must be looked at. */
  foreign: Foreign | undefined;
}

/** To read its supplementary groups would keep others waiting. */
const TOO_MANY_GROUPS = cannot(
  E.PERM,
  `asked by a process with more than ${BROKERED_GROUPS_MAX} supplementary groups`,
);

/** What was found of a thread. */
export interface Looked {
  readonly thread: Thread;
  readonly credentials: Credentials;
  /** Null where it was not read. */
  readonly status: Status | null;
}

/** As no kernel tells. */
const NO_WORDS = new Uint32Array(0);
const STATUS = c("status");
const NOTHING = Buffer.alloc(0);
/**
 * The first line behind all that credentials are read from. The kernel escapes control characters
 * in a thread's name, so that no line is forged.
 */
const BEHIND_CREDENTIALS = Buffer.from("\nCapBnd:");
/** Text that is kept of a thread, bytes: one with thousands of groups is read anew. */
const STATUS_KEPT_BYTES_MAX = 4_096;
/** /proc/TID/status is a few hundred bytes and one line of groups. */
const buffer = Buffer.alloc(STATUS_BYTES_MAX);

/**
 * Threads that asked lately. Opening their entries in /proc anew for every call costs more than
 * reading them, and a kept descriptor can never mean another thread that got the same number.
 */
export class Threads {
  /** By thread id, in order of last use. */
  readonly #known = new Map<number, Thread>();
  readonly #max: number;
  /** Of a supervised domain; null where nobody is asked about calls that change them. */
  readonly roots: Roots | null;
  readonly groups: StandingGroups;

  /** `max`: threads kept. */
  constructor(max: number, roots: Roots | null, groups: StandingGroups) {
    this.#max = max;
    this.roots = roots;
    this.groups = groups;
  }

  /**
   * Who the thread is at this moment: ids and capabilities are asked for each time, and
   * supplementary groups unless they stand ({@link StandingGroups}). Settles the call where that
   * cannot be seen ({@link GONE}, {@link TOO_MANY_GROUPS}).
   */
  look(tid: number): Looked {
    const known = this.#known.get(tid);
    const credentials = known === undefined ? null : this.#ask(tid, known);
    if (known === undefined || credentials === null) return this.read(tid);
    this.#known.delete(tid);
    this.#known.set(tid, known);
    return { thread: known, credentials, status: null };
  }

  /** The same with all that the thread's status says. */
  read(tid: number): Looked & { readonly status: Status } {
    const known = this.#known.get(tid);
    if (known !== undefined) {
      // Before its status is read: the thread that lives then had this number when it was opened.
      if (known.pidfd < 0 && this.groups.stand && tellsByPidfd())
        known.pidfd = sys("pidfd_open", tid, abi.PIDFD_THREAD);
      const length = lengthOf(known);
      this.#known.delete(tid);
      if (length > 0) {
        this.#known.set(tid, known);
        return looked(known, length);
      }
      give(known);
    }
    const thread = this.#keep(tid);
    const length = lengthOf(thread);
    if (length <= 0) throw new Settled(GONE);
    return looked(thread, length);
  }

  /** A setgroups(2) of the thread has been answered: it will not ask again before that is done. */
  forgetGroups(tid: number): void {
    const known = this.#known.get(tid);
    if (known !== undefined) known.asked = null;
  }

  /** Null where its status must be read. */
  #ask(tid: number, thread: Thread): Credentials | null {
    const { asked, pidfd } = thread;
    if (asked === null || pidfd < 0 || !this.groups.stand || !readNow(tid, pidfd)) return null;
    if (isAsBefore(asked.words)) return asked.credentials;
    const credentials = withNow(asked.credentials);
    thread.asked = { words: copyOfNow(), credentials };
    return credentials;
  }

  /**
   * The thread without looking at it: one that is gone shows when its entries are opened, then
   * `again` gets whoever has the number now.
   */
  find(tid: number, again = false): Thread {
    const known = this.#known.get(tid);
    if (known !== undefined && !again) return known;
    if (known !== undefined) give(known);
    this.#known.delete(tid);
    return this.#keep(tid);
  }

  /**
   * Before a call is answered that gives threads other namespaces or labels: nothing of that kind
   * is believed of anybody any more.
   */
  forget(): void {
    for (const thread of this.#known.values()) thread.foreign = undefined;
  }

  #keep(tid: number): Thread {
    const thread = open(tid);
    this.#makeRoom();
    this.#known.set(tid, thread);
    return thread;
  }

  /** No thread of the domain is left. */
  close(): void {
    for (const thread of this.#known.values()) give(thread);
    this.#known.clear();
    this.roots?.close();
  }

  /** Process id of a thread; null when it is gone, or not looked at. */
  processOf(tid: number): number | null {
    return unlessSettled(() => this.look(tid).credentials.tgid);
  }

  #makeRoom(): void {
    if (this.#known.size < this.#max) return;
    for (const [tid, thread] of this.#known) {
      give(thread);
      this.#known.delete(tid);
      return;
    }
  }
}

/**
 * A call that still waits may hold the thread: it must find no number that means something else by
 * now.
 */
function give(thread: Thread): void {
  close(thread.status);
  close(thread.directory);
  if (thread.pidfd >= 0) close(thread.pidfd);
  thread.status = -1;
  thread.directory = -1;
  thread.pidfd = -1;
}

function open(tid: number): Thread {
  const directory = sys(
    "openat",
    abi.AT_FDCWD,
    c(`/proc/${tid}`),
    abi.O_PATH | abi.O_DIRECTORY | abi.O_CLOEXEC,
  );
  if (directory < 0) throw new Settled(GONE);
  const status = sys("openat", directory, STATUS, abi.O_CLOEXEC);
  if (status >= 0) {
    const nothing = {
      pidfd: -1,
      text: NOTHING,
      said: null,
      asked: null,
      refusedUntil: 0,
      foreign: undefined,
    };
    return { directory, status, ...nothing };
  }
  close(directory);
  throw new Settled(GONE);
}

/**
 * Bytes of its status in {@link buffer}, or a negated error number: ESRCH when it is gone. Settles
 * the call with {@link TOO_MANY_GROUPS}.
 */
function lengthOf(thread: Thread): number {
  if (performance.now() < thread.refusedUntil) throw new Settled(TOO_MANY_GROUPS);
  const got = quick.pread(thread.status, buffer, buffer.length, 0);
  if (got < buffer.length) return got === 0 ? -E.IO : got;
  thread.refusedUntil = performance.now() + MANY_GROUPS_MS;
  throw new Settled(TOO_MANY_GROUPS);
}

function looked(thread: Thread, length: number): Looked & { readonly status: Status } {
  const status = statusIn(thread, length);
  const { credentials } = status;
  // Whoever may have asked with other ids or capabilities before is asked for them the next time.
  if (thread.asked?.credentials !== credentials) thread.asked = { words: NO_WORDS, credentials };
  return { thread, credentials, status };
}

/** Of what lies in {@link buffer}. */
function statusIn(thread: Thread, length: number): Status {
  const { text, said } = thread;
  if (
    said !== null &&
    length > text.length &&
    buffer.compare(text, 0, text.length, 0, text.length) === 0
  )
    return said;
  try {
    const found = parseStatus(buffer.toString("latin1", 0, length));
    const end = buffer.subarray(0, length).indexOf(BEHIND_CREDENTIALS);
    const isKept = end > 0 && end <= STATUS_KEPT_BYTES_MAX;
    thread.text = isKept ? Buffer.from(buffer.subarray(0, end)) : NOTHING;
    thread.said = isKept ? found : null;
    return found;
  } catch {
    // A line is missing: the kernel had no more to say of it.
    throw new Settled(GONE);
  }
}
