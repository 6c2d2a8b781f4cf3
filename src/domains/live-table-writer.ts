import { fchmodSync, ftruncateSync, renameSync, rmSync, statSync } from "node:fs";
import { PUBLIC_FILE } from "../base/modes.ts";
import { O_CLOEXEC, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } from "../kernel/constants.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { close, type Mapping, mapShared, open } from "../kernel/ffi.ts";
import type { Level } from "../model/policy.ts";
import {
  DOMAIN_NUMBERS_MAX,
  isTable,
  LIVE_TABLE,
  levelOfWord,
  recordWords,
  TABLE_BYTES,
  TABLE_HEADER_WORDS,
  tableHeaderBytes,
  wordOfLevel,
} from "./live-table-layout.ts";

const TABLE_MODE = PUBLIC_FILE;

/** There is one writer at a time: the agent, which holds a lock. */
export class LiveTableWriter {
  readonly #mapping: Mapping;
  readonly #words: Int32Array;

  private constructor(mapping: Mapping) {
    this.#mapping = mapping;
    this.#words = wordsOf(mapping);
  }

  /**
   * Keeps an existing table, so that mediators which map it see every further change and
   * generations never go back. A broken table is marked void for its readers and replaced.
   */
  static open(path: string = LIVE_TABLE): LiveTableWriter {
    const old = mapWritable(path);
    if (old !== null && isTable(wordsOf(old))) return new LiveTableWriter(old);
    const mapping = makeTable(path);
    if (old !== null) {
      wordsOf(old).fill(0, 0, TABLE_HEADER_WORDS);
      old.unmap();
    }
    return new LiveTableWriter(mapping);
  }

  /**
   * One store, in force for every later call that a mediator decides. @throws RangeError beyond the
   * table
   */
  setLevel(number: number, level: Level): void {
    const at = this.#at(number);
    Atomics.store(this.#words, at + 1, wordOfLevel(level));
    Atomics.store(this.#words, at, 1);
  }

  /** Processes of the domain keep what they started with. */
  setGone(number: number): void {
    Atomics.store(this.#words, this.#at(number), 2);
  }

  /** null for a number that no domain has. */
  level(number: number): Level | null {
    const at = this.#at(number);
    return Atomics.load(this.#words, at) === 1
      ? levelOfWord(Atomics.load(this.#words, at + 1))
      : null;
  }

  generation(number: number): number {
    return Atomics.load(this.#words, this.#at(number) + 2) >>> 0;
  }

  /** Tells mediators to read `live/NUMBER` again, which must be in its place before. */
  nextGeneration(number: number): void {
    Atomics.add(this.#words, this.#at(number) + 2, 1);
  }

  close(): void {
    this.#mapping.unmap();
  }

  #at(number: number): number {
    if (!Number.isInteger(number) || number < 0 || number >= DOMAIN_NUMBERS_MAX)
      throw new RangeError(`the table has no room for domain ${number}`);
    return recordWords(number);
  }
}

function wordsOf({ bytes }: Mapping): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, TABLE_BYTES / 4);
}

/** null if there is no file, or one too short to be mapped whole. */
function mapWritable(path: string): Mapping | null {
  let fd: number;
  try {
    fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ELOOP")) return null;
    throw error;
  }
  try {
    const stats = statSync(`/proc/self/fd/${fd}`);
    return stats.isFile() && stats.size >= TABLE_BYTES ? mapShared(fd, TABLE_BYTES) : null;
  } finally {
    close(fd);
  }
}

/** Complete before it gets its name. */
function makeTable(path: string): Mapping {
  const scratch = `${path}.${process.pid}`;
  rmSync(scratch, { force: true });
  const fd = open(scratch, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, TABLE_MODE);
  try {
    fchmodSync(fd, TABLE_MODE);
    ftruncateSync(fd, TABLE_BYTES);
    const mapping = mapShared(fd, TABLE_BYTES);
    mapping.bytes.set(tableHeaderBytes());
    renameSync(scratch, path);
    return mapping;
  } catch (error) {
    rmSync(scratch, { force: true });
    throw error;
  } finally {
    close(fd);
  }
}
