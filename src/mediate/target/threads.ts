import { quick } from "../../kernel/quick.ts";
import { BROKERED_GROUPS_MAX } from "../../kernel/system-calls/privileges.ts";
import { cannot } from "../answer/outcome.ts";
import { Settled, unlessSettled } from "../answer/settled.ts";
import type { Roots } from "../domain/roots.ts";
import type { StandingGroups } from "../domain/standing-groups.ts";
import type { ThreadsAlike } from "../domain/threads-alike.ts";
import { MANY_GROUPS_MS, STATUS_BYTES_MAX } from "../limits.ts";
import { abi, E, POLLIN } from "../sys/abi.ts";
import { c, close, isReady, openPath } from "../sys/sys.ts";
import { type Credentials, parseStatus, type Status } from "./credentials.ts";
import {
  bornNow,
  copyOfNow,
  isAsBefore,
  readNow,
  tellsByPidfd,
  withNow,
} from "./credentials-now.ts";
import type { Foreign } from "./namespaces.ts";
import { GONE } from "./target-gone.ts";

/**
 * A thread that asked, and what is held open of it. That stands for the thread and not for its
 * number: once it is gone every use fails.
 */
export class Thread {
  readonly #tid: number;
  /** -1 where its status was read and it has not asked again, and where a pidfd tells nothing. */
  pidfd = -1;
  /** Negative where it was not needed yet, or could not be opened. */
  #directory = -1;
  #status = -1;
  #isKept = true;
  /**
   * What was read of it last, as far as it tells who the thread is, and what that said: equal bytes
   * need no reading again.
   */
  text: Buffer = NOTHING;
  said: Status | null = null;
  /** What holds while ids and capabilities are these; null where its groups are not known. */
  asked: { readonly words: Uint32Array; readonly credentials: Credentials } | null = null;
  /** It has too many groups, and is not looked at before then (performance.now()). */
  refusedUntil = 0;
  /** What was found of its namespaces and label; undefined when it must be looked at. */
  foreign: Foreign | undefined;

  constructor(tid: number) {
    this.#tid = tid;
  }

  /** /proc/TID, O_PATH; -1 where it cannot be had, or the thread is kept no longer. */
  get directory(): number {
    if (this.#directory < 0 && this.#isKept) this.#directory = this.#opened();
    return this.#directory;
  }

  /** /proc/TID/status, or a negated error number. */
  get status(): number {
    if (this.#status < 0 && this.#isKept)
      this.#status = quick.openat(this.directory, STATUS, abi.O_CLOEXEC, 0);
    return this.#status;
  }

  /**
   * A call that still waits may hold this: it must find no number that means something else by now.
   */
  close(): void {
    for (const fd of [this.pidfd, this.#directory, this.#status]) if (fd >= 0) close(fd);
    this.pidfd = this.#directory = this.#status = -1;
    this.#isKept = false;
  }

  /** By its number, which is its own if it lives afterwards; -1 where it is gone. */
  #opened(): number {
    const fd = openPath(abi.AT_FDCWD, `/proc/${this.#tid}`);
    if (fd < 0) return -1;
    if (this.pidfd < 0 || !isReady(this.pidfd, POLLIN, 0)) return fd;
    close(fd);
    return -1;
  }
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
  readonly alike: ThreadsAlike;

  /** `max`: threads kept. */
  constructor(max: number, { roots, groups, alike }: Pick<Threads, "roots" | "groups" | "alike">) {
    this.#max = max;
    this.roots = roots;
    this.groups = groups;
    this.alike = alike;
  }

  /**
   * Who a thread of the domain is at this moment: ids and capabilities are asked for each time, and
   * supplementary groups unless they stand ({@link StandingGroups}) or all threads have the same
   * ({@link ThreadsAlike}). Settles the call where that cannot be seen ({@link GONE},
   * {@link TOO_MANY_GROUPS}).
   */
  look(tid: number): Looked {
    return this.#lookAgain(tid) ?? this.#meet(tid) ?? this.read(tid);
  }

  /** Of one that asked before; null where its status must be read. */
  #lookAgain(tid: number): Looked | null {
    const known = this.#known.get(tid);
    const credentials = known === undefined ? null : this.#ask(tid, known);
    if (known === undefined || credentials === null) return null;
    this.#known.delete(tid);
    this.#known.set(tid, known);
    return { thread: known, credentials, status: null };
  }

  /** Of one of which nothing is known that still holds; null likewise. */
  #meet(tid: number): Looked | null {
    const { groups } = this.alike;
    if (groups === null || groups === undefined || !tellsByPidfd()) return null;
    const thread = new Thread(tid);
    thread.pidfd = quick.pidfdOpen(tid, abi.PIDFD_THREAD);
    if (thread.pidfd < 0 || !readNow(tid, thread.pidfd)) {
      thread.close();
      return null;
    }
    const credentials = bornNow(tid, groups);
    thread.asked = { words: copyOfNow(), credentials };
    this.#keep(tid, thread);
    return { thread, credentials, status: null };
  }

  /** The same with all that the thread's status says. */
  read(tid: number): Looked & { readonly status: Status } {
    const known = this.#known.get(tid);
    if (known !== undefined) {
      // Before its status is read: the thread that lives then had this number when it was opened.
      if (known.pidfd < 0 && this.groups.stand && tellsByPidfd())
        known.pidfd = quick.pidfdOpen(tid, abi.PIDFD_THREAD);
      const length = lengthOf(known);
      this.#known.delete(tid);
      if (length > 0) {
        this.#known.set(tid, known);
        return looked(known, length);
      }
      known.close();
    }
    const thread = this.#open(tid);
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
    known?.close();
    this.#known.delete(tid);
    return this.#open(tid);
  }

  /**
   * Before a call is answered that gives threads other namespaces or labels: nothing of that kind
   * is believed of anybody any more.
   */
  forget(): void {
    for (const thread of this.#known.values()) thread.foreign = undefined;
  }

  #open(tid: number): Thread {
    const thread = new Thread(tid);
    if (thread.directory < 0) throw new Settled(GONE);
    this.#keep(tid, thread);
    return thread;
  }

  #keep(tid: number, thread: Thread): void {
    this.#known.get(tid)?.close();
    this.#known.delete(tid);
    this.#makeRoom();
    this.#known.set(tid, thread);
  }

  /** No thread of the domain is left. */
  close(): void {
    for (const thread of this.#known.values()) thread.close();
    this.#known.clear();
    this.roots?.close();
  }

  /** Process id of a thread of any domain; null when it is gone, or not looked at. */
  processOf(tid: number): number | null {
    return unlessSettled(() => (this.#lookAgain(tid) ?? this.read(tid)).credentials.tgid);
  }

  #makeRoom(): void {
    if (this.#known.size < this.#max) return;
    for (const [tid, thread] of this.#known) {
      thread.close();
      this.#known.delete(tid);
      return;
    }
  }
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
