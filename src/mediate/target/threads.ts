import { quick } from "../../kernel/quick.ts";
import { BROKERED_GROUPS_MAX } from "../../kernel/system-calls/privileges.ts";
import { cannot } from "../answer/outcome.ts";
import { Settled, unlessSettled } from "../answer/settled.ts";
import type { Roots } from "../domain/roots.ts";
import type { StandingGroups } from "../domain/standing-groups.ts";
import type { ThreadsAlike } from "../domain/threads-alike.ts";
import type { View } from "../domain/view.ts";
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
 * A thread that made calls, and the descriptors held open for it. They stand for the thread and not
 * for its number: once the thread is gone, every use fails.
 */
export class Thread {
  readonly #tid: number;
  /** -1 if only its status has been read so far, or if a pidfd does not report ids. */
  pidfd = -1;
  #directory = -1;
  #status = -1;
  #isKept = true;
  /**
   * The bytes of its status last read, up to the end of the credentials, and what they mean. Equal
   * bytes are not parsed again.
   */
  text: Buffer = NOTHING;
  said: Status | null = null;
  /**
   * Credentials that hold while the ids and capabilities are these words; null if the groups are
   * unknown.
   */
  asked: { readonly words: Uint32Array; readonly credentials: Credentials } | null = null;
  /** It has too many groups; it is not looked at again before this time (performance.now()). */
  refusedUntil = 0;
  /** undefined if its namespaces and label must be read. */
  foreign: Foreign | undefined;

  constructor(tid: number) {
    this.#tid = tid;
  }

  /** /proc/TID, O_PATH; -1 if it cannot be opened, or the thread is no longer kept. */
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
   * Closes all descriptors and forgets their numbers, which may soon name other files: a call that
   * still waits may hold this object.
   */
  close(): void {
    for (const fd of [this.pidfd, this.#directory, this.#status]) if (fd >= 0) close(fd);
    this.pidfd = this.#directory = this.#status = -1;
    this.#isKept = false;
  }

  /**
   * Opens by number. The number is the thread's own if the thread lives afterwards; -1 if it is
   * gone.
   */
  #opened(): number {
    const fd = openPath(abi.AT_FDCWD, `/proc/${this.#tid}`);
    if (fd < 0) return -1;
    if (this.pidfd < 0 || !isReady(this.pidfd, POLLIN, 0)) return fd;
    close(fd);
    return -1;
  }
}

/** Reading so many supplementary groups would keep other callers waiting. */
const TOO_MANY_GROUPS = cannot(
  E.PERM,
  `asked by a process with more than ${BROKERED_GROUPS_MAX} supplementary groups`,
);

export interface Looked {
  readonly thread: Thread;
  readonly credentials: Credentials;
  readonly status: Status | null;
}

const NO_WORDS = new Uint32Array(0);
const STATUS = c("status");
const NOTHING = Buffer.alloc(0);
/**
 * The first line behind the credentials. A thread cannot forge it by its name: the kernel escapes
 * control characters there.
 */
const BEHIND_CREDENTIALS = Buffer.from("\nCapBnd:");
/**
 * Limit on the status text kept per thread, bytes. A thread with thousands of groups is read anew
 * each time.
 */
const STATUS_KEPT_BYTES_MAX = 4_096;
const buffer = Buffer.alloc(STATUS_BYTES_MAX);

/**
 * The threads that made calls lately. Opening their entries in /proc for every call would cost more
 * than reading them. A kept descriptor can never mean another thread that got the same number.
 */
export class Threads {
  readonly #known = new Map<number, Thread>();
  readonly #max: number;
  /** null in a sealed domain, whose changes of root are not notified. */
  readonly roots: Roots | null;
  readonly groups: StandingGroups;
  readonly alike: ThreadsAlike;
  readonly view: Pick<View, "link" | "users" | "hasCapabilities">;

  /** `max`: the number of threads that are kept. */
  constructor(
    max: number,
    { view, roots, groups, alike }: Pick<Threads, "view" | "roots" | "groups" | "alike">,
  ) {
    this.#max = max;
    this.view = view;
    this.roots = roots;
    this.groups = groups;
    this.alike = alike;
  }

  /**
   * The identity of a thread at this moment. Ids and capabilities are read each time. Supplementary
   * groups are read unless they cannot have changed ({@link StandingGroups}) or are the same for
   * all threads ({@link ThreadsAlike}). Settles the call if they cannot be read ({@link GONE},
   * {@link TOO_MANY_GROUPS}).
   */
  look(tid: number): Looked {
    return this.#lookAgain(tid) ?? this.#meet(tid) ?? this.read(tid);
  }

  /** {@link look} for a thread that is kept; null if its status must be read. */
  #lookAgain(tid: number): Looked | null {
    const known = this.#known.get(tid);
    const credentials = known === undefined ? null : this.#ask(tid, known);
    if (known === undefined || credentials === null) return null;
    this.#known.delete(tid);
    this.#known.set(tid, known);
    return { thread: known, credentials, status: null };
  }

  /** {@link look} for a thread of which nothing valid is known; null if its status must be read. */
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

  read(tid: number): Looked & { readonly status: Status } {
    const known = this.#known.get(tid);
    if (known !== undefined) {
      // The pidfd is opened before the status is read: the thread that the status shows then had
      // this number all the time.
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

  /**
   * Call when a setgroups(2) of the thread is answered: the kernel carries it out before the
   * thread's next call.
   */
  forgetGroups(tid: number): void {
    const known = this.#known.get(tid);
    if (known !== undefined) known.asked = null;
  }

  /** null if its status must be read. */
  #ask(tid: number, thread: Thread): Credentials | null {
    const { asked, pidfd } = thread;
    if (asked === null || pidfd < 0 || !this.groups.stand || !readNow(tid, pidfd)) return null;
    if (isAsBefore(asked.words)) return asked.credentials;
    const credentials = withNow(asked.credentials);
    thread.asked = { words: copyOfNow(), credentials };
    return credentials;
  }

  /**
   * Finds a thread without reading its status. If it is gone, opening its entries fails; `again`
   * then opens the thread that has the number now.
   */
  find(tid: number, again = false): Thread {
    const known = this.#known.get(tid);
    if (known !== undefined && !again) return known;
    known?.close();
    this.#known.delete(tid);
    return this.#open(tid);
  }

  /**
   * Forgets namespaces and labels of all threads. Called before a call is answered that can change
   * them.
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

  close(): void {
    for (const thread of this.#known.values()) thread.close();
    this.#known.clear();
    this.roots?.close();
  }

  /** null if the thread is gone or cannot be read. */
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
 * Reads the thread's status into {@link buffer}. Returns its length, or a negated error number:
 * ESRCH if the thread is gone. Settles the call with {@link TOO_MANY_GROUPS}.
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
  // Ids and capabilities may have changed since they were last asked for: ask again next time.
  if (thread.asked?.credentials !== credentials) thread.asked = { words: NO_WORDS, credentials };
  return { thread, credentials, status };
}

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
    // A line is missing: the thread exited while the kernel wrote the status.
    throw new Settled(GONE);
  }
}
