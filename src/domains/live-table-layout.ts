/**
 * The host's table of domains while they run: `/run/cofferdam/table`, mapped shared by every
 * process of Cofferdam. Only the agent writes it. Mediators read it at each decision, and so does
 * `ps`. It is little-endian.
 *
 * The header is the magic, the version, and zeros. The record of domain N lies at {@link
 * TABLE_HEADER_BYTES} + N * {@link TABLE_RECORD_BYTES} and has four words:
 *
 * - 0 no such domain, 1 present, 2 gone for good;
 * - the level in force: 0 enforcing, 1 warning, 2 disabled;
 * - the number of policies that were put into force; the present one lies in `live/NUMBER` as the
 *   bytes of a plan;
 * - zero.
 *
 * Each is one aligned 32-bit word, so that a reader never sees half a change.
 */
import type { Level } from "../model/policy.ts";

const TABLE_MAGIC = "CFDMTABL";
const TABLE_VERSION = 1;
const TABLE_HEADER_BYTES = 64;
const TABLE_RECORD_BYTES = 16;
/** Limit on a host's numbers; the file is sparse. */
export const DOMAIN_NUMBERS_MAX = 65_536;
export const TABLE_BYTES = TABLE_HEADER_BYTES + DOMAIN_NUMBERS_MAX * TABLE_RECORD_BYTES;

export const LIVE_TABLE = "/run/cofferdam/table";

const WORD_BYTES = 4;
export const TABLE_HEADER_WORDS = TABLE_HEADER_BYTES / WORD_BYTES;
export const TABLE_RECORD_WORDS = TABLE_RECORD_BYTES / WORD_BYTES;

/** Index of the first 32-bit word of a domain's record. */
export function recordWords(number: number): number {
  return TABLE_HEADER_WORDS + number * TABLE_RECORD_WORDS;
}

const levels = ["enforcing", "warning", "disabled"] as const satisfies readonly Level[];

export function wordOfLevel(level: Level): number {
  return levels.indexOf(level);
}

/** null for an unknown word: no reader may take it for a less strict level. */
export function levelOfWord(word: number): Level | null {
  return levels[word] ?? null;
}

export function tableHeaderBytes(): Uint8Array {
  const bytes = Buffer.alloc(TABLE_HEADER_BYTES);
  bytes.write(TABLE_MAGIC, "ascii");
  bytes.writeUInt32LE(TABLE_VERSION, TABLE_MAGIC.length);
  return bytes;
}

const header = new Int32Array(new Uint8Array(tableHeaderBytes()).buffer);

export function isTable(words: Int32Array): boolean {
  for (let i = 0; i < 3; i++) if (Atomics.load(words, i) !== header[i]) return false;
  return true;
}
