import { closeSync, ftruncateSync, writeSync } from "node:fs";
import { EAGAIN } from "../../kernel/constants.ts";
import { ErrnoError, hasCode } from "../../kernel/errno-error.ts";
import { LOG_BATCH_BYTES } from "../limits.ts";
import { findTail } from "./find-tail.ts";
import { lock, parseHead, readHeadBytes, unlock, writeHead } from "./head.ts";
import { chainWords, ownEvent } from "./own-event.ts";
import {
  type FileKey,
  HEAD_NAME,
  LOG_NAME,
  look,
  lookAt,
  openHead,
  openLogFile,
  requireFolder,
} from "./places.ts";
import { type ChainEnd, encodeRecord, type LoggedEvent } from "./record.ts";
import { removeOld, rotate, toRemove } from "./rotate.ts";

interface Open {
  readonly head: { readonly fd: number; readonly key: FileKey };
  /** What this writer wrote last; null before it wrote. */
  headBytes: Buffer | null;
  fd: number;
  key: FileKey;
  size: number;
  end: ChainEnd;
}

export interface FileLimits {
  readonly fileBytes: number;
  readonly oldFiles: number;
}

/** Limit on reopening the folder if its files are exchanged at this very moment. */
const REOPEN_ATTEMPTS_MAX = 3;

/**
 * Appends to the chain under the lock. Every failure is thrown; {@link Writer.written} tells what
 * was written by then.
 */
export class Writer {
  readonly #folder: string;
  readonly #limits: FileLimits;
  #open: Open | null = null;
  #written = 0;

  constructor(folder: string, limits: FileLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** Events of the last {@link write} that are in the log. */
  get written(): number {
    return this.#written;
  }

  /** @throws ErrnoError, UntrustedError, or what Node's file functions throw */
  write(events: readonly LoggedEvent[], lockWaitMs: number): void {
    this.#written = 0;
    const open = this.#locked(lockWaitMs);
    try {
      this.#catchUp(open);
      while (this.#written < events.length) this.#batch(open, events);
    } finally {
      unlock(open.head.fd);
    }
  }

  close(): void {
    if (this.#open === null) return;
    closeSync(this.#open.head.fd);
    if (this.#open.fd >= 0) closeSync(this.#open.fd);
    this.#open = null;
  }

  /**
   * The lock must be of the file that is in the folder now, because other writers lock that one.
   */
  #locked(waitMs: number): Open {
    const path = `${this.#folder}/${HEAD_NAME}`;
    for (let attempt = 0; attempt < REOPEN_ATTEMPTS_MAX; attempt++) {
      const open = this.#opened();
      lock(open.head.fd, waitMs);
      if (look(path)?.key === open.head.key) return open;
      this.close();
    }
    throw new ErrnoError(`open ${path}, which is replaced again and again`, EAGAIN);
  }

  #opened(): Open {
    if (this.#open !== null) return this.#open;
    requireFolder(this.#folder);
    const fd = openHead(this.#folder);
    const head = { fd, key: lookAt(fd).key };
    this.#open = { head, headBytes: null, fd: -1, key: "", size: 0, end: { seq: 0, hash: "" } };
    return this.#open;
  }

  /** If no other process has written since, this process knows the end; else it reads the log. */
  #catchUp(open: Open): void {
    const bytes = readHeadBytes(open.head.fd);
    if (open.headBytes?.equals(bytes)) {
      const found = look(`${this.#folder}/${LOG_NAME}`);
      if (found?.key === open.key && found.size === open.size) return;
    }
    if (open.fd >= 0) closeSync(open.fd);
    open.fd = -1;
    open.headBytes = null;
    const tail = findTail(this.#folder, parseHead(bytes));
    open.fd = tail.fd;
    open.key = tail.key;
    open.size = tail.size;
    open.end = tail.end;
    if (tail.torn) this.#append(open, "\n", tail.end);
    if (tail.resumed === null) return;
    const note = { kind: "resumed", why: tail.resumed } as const;
    this.#note(open, ownEvent(note.kind, chainWords(note), 1, note));
  }

  #note(open: Open, event: LoggedEvent): void {
    const { line, end } = encodeRecord(event, open.end);
    this.#append(open, line, end);
    saveHead(open);
  }

  /** Writes some of the remaining events at once, or makes room for them. */
  #batch(open: Open, events: readonly LoggedEvent[]): void {
    let text = "";
    let bytes = 0;
    let { end } = open;
    let to = this.#written;
    for (; to < events.length; to++) {
      const record = encodeRecord(events[to] as LoggedEvent, end);
      const more = bytes + Buffer.byteLength(record.line);
      // A file has at least one record, whatever its size.
      const isFull = open.size + bytes > 0 && open.size + more > this.#limits.fileBytes;
      if (isFull || (bytes > 0 && more > LOG_BATCH_BYTES)) break;
      text += record.line;
      bytes = more;
      end = record.end;
    }
    if (to === this.#written) {
      this.#rotate(open);
      return;
    }
    this.#append(open, text, end);
    // They are in the log, even if the head cannot be written.
    this.#written = to;
    saveHead(open);
  }

  /** Writes all or, if possible, nothing. */
  #append(open: Open, text: string, end: ChainEnd): void {
    const bytes = Buffer.from(text);
    // Until the head is saved, this process does not know the end: the next write reads it.
    open.headBytes = null;
    let done = 0;
    try {
      while (done < bytes.length) done += writeSync(open.fd, bytes, done);
    } catch (error) {
      if (done > 0) takeBack(open.fd, open.size);
      throw error;
    }
    open.size += bytes.length;
    open.end = end;
  }

  #rotate(open: Open): void {
    const oldest = toRemove(this.#folder, this.#limits.oldFiles);
    if (oldest !== null) {
      this.#note(open, ownEvent("removed", chainWords(oldest.records), 1, oldest.records));
      removeOld(oldest.path);
    }
    rotate(this.#folder);
    closeSync(open.fd);
    open.fd = -1;
    open.headBytes = null;
    open.fd = openLogFile(`${this.#folder}/${LOG_NAME}`, true);
    open.key = lookAt(open.fd).key;
    open.size = 0;
  }
}

function saveHead(open: Open): void {
  open.headBytes = writeHead(open.head.fd, { ...open.end, file: open.key, size: open.size });
}

/** A file that may only grow (chattr +a) keeps the piece: the next writer closes its line. */
function takeBack(fd: number, size: number): void {
  try {
    ftruncateSync(fd, size);
  } catch (error) {
    if (!hasCode(error, "EPERM")) throw error;
  }
}
