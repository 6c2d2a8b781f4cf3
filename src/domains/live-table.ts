import { statSync } from "node:fs";
import { O_CLOEXEC, O_NOFOLLOW, O_RDONLY } from "../kernel/constants.ts";
import { ErrnoError, hasCode } from "../kernel/errno-error.ts";
import { close, type Mapping, mapShared, open } from "../kernel/ffi.ts";
import type { Level } from "../model/policy.ts";
import {
  isTable,
  LIVE_TABLE,
  levelOfWord,
  recordWords,
  TABLE_BYTES,
  TABLE_RECORD_WORDS,
} from "./live-table-layout.ts";

/**
 * Milliseconds after which a table that is missing, void or possibly replaced is looked for again.
 */
const LOOK_AGAIN_MS = 500;

interface TableRecord {
  readonly isThere: boolean;
  readonly level: number;
  readonly generation: number;
}

interface Mapped {
  readonly mapping: Mapping;
  readonly words: Int32Array;
  readonly device: number;
  readonly inode: number;
}

/**
 * Reads levels and generations at each decision, by a few loads from shared memory. While the table
 * is missing, too short or invalid the answer is null. A new file under the name is used after
 * {@link LOOK_AGAIN_MS} at the latest, or at once if the agent marks the old one void. The file is
 * root's and is never shortened: a mapping that loses its pages would end the reader.
 */
export class LiveTable {
  readonly #path: string;
  #mapped: Mapped | null = null;
  #looked = Number.NEGATIVE_INFINITY;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Never fails: a table that does not exist yet is found later. */
  static open(path: string = LIVE_TABLE): LiveTable {
    const table = new LiveTable(path);
    table.#present(performance.now());
    return table;
  }

  /**
   * null if the table has no such domain or cannot be read: then the level of the start holds.
   * `now`: performance.now(), if known, because reading the clock costs more than the lookup.
   */
  level(number: number, now = performance.now()): Level | null {
    const record = this.#record(number, now);
    return record === null || !record.isThere ? null : levelOfWord(record.level);
  }

  /**
   * The number of policies put into force; 0 before the first and if unknown. Also for a number
   * that is gone: an instance gets its number back when it starts again.
   */
  generation(number: number, now = performance.now()): number {
    return this.#record(number, now)?.generation ?? 0;
  }

  close(): void {
    this.#mapped?.mapping.unmap();
    this.#mapped = null;
  }

  #record(number: number, now: number): TableRecord | null {
    const words = this.#present(now)?.words;
    if (words === undefined || !Number.isInteger(number) || number < 0) return null;
    const at = recordWords(number);
    if (at + TABLE_RECORD_WORDS > words.length) return null;
    return {
      isThere: Atomics.load(words, at) === 1,
      level: Atomics.load(words, at + 1),
      generation: Atomics.load(words, at + 2) >>> 0,
    };
  }

  #present(now: number): Mapped | null {
    const good = this.#mapped !== null && isTable(this.#mapped.words);
    if (now - this.#looked < LOOK_AGAIN_MS && (good || this.#mapped === null)) return this.#mapped;
    this.#looked = now;
    if (this.#mapped !== null && good && this.#isStillNamed(this.#mapped)) return this.#mapped;
    const next = mapTable(this.#path);
    this.close();
    this.#mapped = next;
    return next;
  }

  #isStillNamed({ device, inode }: Mapped): boolean {
    const stats = statSync(this.#path, { throwIfNoEntry: false });
    return stats !== undefined && stats.dev === device && stats.ino === inode;
  }
}

/** null for a file that is missing, unreadable, too short or no table. */
function mapTable(path: string): Mapped | null {
  let fd: number;
  try {
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  } catch (error) {
    if (error instanceof ErrnoError) return null;
    throw error;
  }
  try {
    const stats = statSync(`/proc/self/fd/${fd}`);
    if (!stats.isFile() || stats.size < TABLE_BYTES) return null;
    const mapping = mapShared(fd, TABLE_BYTES, { writable: false });
    const words = new Int32Array(mapping.bytes.buffer, mapping.bytes.byteOffset, TABLE_BYTES / 4);
    if (isTable(words)) return { mapping, words, device: stats.dev, inode: stats.ino };
    mapping.unmap();
    return null;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOMEM", "ENODEV", "EACCES")) return null;
    throw error;
  } finally {
    close(fd);
  }
}
