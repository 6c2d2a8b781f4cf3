import { closeSync } from "node:fs";
import { lastRecord } from "./find-end.ts";
import { linesOf } from "./lines.ts";
import { closeFiles, type LogFile, openFiles } from "./open-files.ts";
import { type FileKey, LOG_NAME, look } from "./places.ts";
import { type ChainEnd, genesis, type LogRecord, parseRecord } from "./record.ts";

/**
 * The last record that a reader was given, and its place: a reader can continue from it, also in
 * another process.
 */
export interface Position extends ChainEnd {
  readonly file: FileKey;
  readonly at: number;
}

export interface PlacedRecord extends LogRecord {
  readonly position: Position;
}

/** Consecutive records. */
export interface Batch {
  readonly records: readonly PlacedRecord[];
  /** Records between the previous batch and this one that are gone: removed, or unreadable. */
  readonly missing: number;
  /** After the last of these; null while nothing was read at all. */
  readonly position: Position | null;
  /** There are no more at the moment. */
  readonly caughtUp: boolean;
}

interface Current {
  readonly fd: number;
  readonly key: FileKey;
  /** After the last whole line that was read, bytes. */
  offset: number;
}

/**
 * Continues from a position, across rotations. Reading takes no lock, so no reader can delay a
 * writer.
 */
export class LogReader {
  readonly #folder: string;
  #position: Position | null;
  #current: Current | null = null;

  /** `position`: null for the oldest record that is left. */
  constructor(folder: string, position: Position | null) {
    this.#folder = folder;
    this.#position = position;
  }

  /**
   * At most `max` records. A missing folder or file is an empty log.
   * @throws if the log may not be read or is not trusted
   */
  next(max: number): Batch {
    const records: PlacedRecord[] = [];
    let missing = 0;
    this.#current ??= this.#find();
    while (this.#current !== null && records.length < max) {
      // Checked before the last read: a file that has lost its name gets no further records.
      const isClosed = look(`${this.#folder}/${LOG_NAME}`)?.key !== this.#current.key;
      for (const record of this.#records(this.#current, max - records.length)) {
        missing += Math.max(0, record.seq - (this.#position?.seq ?? genesis.seq) - 1);
        this.#position = record.position;
        records.push(record);
      }
      if (records.length >= max) break;
      if (!isClosed || !this.#nextFile(this.#current))
        return { records, missing, position: this.#position, caughtUp: true };
    }
    return { records, missing, position: this.#position, caughtUp: records.length < max };
  }

  close(): void {
    if (this.#current !== null) closeSync(this.#current.fd);
    this.#current = null;
  }

  /** Records after the position, from the present offset on; the offset follows them. */
  *#records(current: Current, max: number): Generator<PlacedRecord> {
    let left = max;
    for (const line of linesOf(current.fd, current.offset)) {
      if (!line.whole) return;
      const record = line.text === null ? null : parseRecord(line.text);
      current.offset = line.at + line.length;
      if (record === null || record.seq <= (this.#position?.seq ?? genesis.seq)) continue;
      const { seq, hash } = record;
      yield { ...record, position: { seq, hash, file: current.key, at: line.at } };
      left -= 1;
      if (left === 0) return;
    }
  }

  /** The file that was begun when `current` was closed. False if there is none yet. */
  #nextFile(current: Current): boolean {
    const files = openFiles(this.#folder);
    const at = files.findIndex(({ key }) => key === current.key);
    // The reader's file was removed meanwhile. The files that are left are newer, or a new log was
    // begun.
    const next = at < 0 ? this.#restart(files) : files[at + 1];
    closeFiles(files.filter((file) => file !== next));
    if (next === undefined) return false;
    closeSync(current.fd);
    this.#current = { fd: next.fd, key: next.key, offset: 0 };
    return true;
  }

  #find(): Current | null {
    const files = openFilesIfThere(this.#folder);
    const known = files.find((file) => this.#position !== null && holds(file, this.#position));
    const start = known ?? this.#restart(files);
    closeFiles(files.filter((file) => file !== start));
    if (start === undefined) return null;
    return {
      fd: start.fd,
      key: start.key,
      offset: start === known ? (this.#position?.at ?? 0) : 0,
    };
  }

  /**
   * Records up to the position are skipped by their number. If the chain was begun anew, none is
   * skipped.
   */
  #restart(files: readonly LogFile[]): LogFile | undefined {
    const position = this.#position;
    if (position === null) return files[0];
    const newest = files.map(({ fd }) => lastRecord(fd).end).findLast((end) => end !== null);
    if (newest !== undefined && newest !== null && newest.seq < position.seq) this.#position = null;
    return files[0];
  }
}

/**
 * The log's present end; a reader that begins there gets later records only. null for an empty or
 * missing log.
 */
export function endOf(folder: string): Position | null {
  const files = openFilesIfThere(folder);
  try {
    for (const { fd, key } of files.toReversed()) {
      const last = lastRecord(fd);
      if (last.end !== null) return { ...last.end, file: key, at: last.at };
    }
    return null;
  } finally {
    closeFiles(files);
  }
}

function holds(file: LogFile, { file: key, at, seq, hash }: Position): boolean {
  if (file.key !== key || file.size <= at) return false;
  // The number of a removed file may be another file's by now.
  for (const line of linesOf(file.fd, at)) {
    const record = line.text === null ? null : parseRecord(line.text);
    return record?.seq === seq && record.hash === hash;
  }
  return false;
}

function openFilesIfThere(folder: string): LogFile[] {
  return look(folder) === null ? [] : openFiles(folder);
}
