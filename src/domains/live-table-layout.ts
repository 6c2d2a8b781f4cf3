/**
 * The host's table of domains as every process of Cofferdam sees it while it runs: `/run/cofferdam/table`, mapped shared. Written by the agent alone;
 * read at each decision by mediators, and by `ps`. One record a number: the record of domain N lies at {@link TABLE_HEADER_BYTES} + N * {@link TABLE_RECORD_BYTES}.
 * Little-endian. A level or a generation is one aligned 32-bit word, so that a reader never sees half of it.
 */
import type { Level } from "../model/policy.ts";
import type { RecordLayout } from "../plan/layout.ts";

export const tableHeader = [
  { name: "magic", type: "tag", doc: "`CFDMTABL`" },
  { name: "version", type: "u32", doc: "1" },
  { name: "reserved", type: "u32", doc: "0" },
] as const satisfies RecordLayout;

export const tableRecord = [
  { name: "state", type: "u32", doc: "0 no such domain, 1 there, 2 gone (its number is never given again)" },
  { name: "level", type: "u32", doc: "in force: 0 enforcing, 1 warning, 2 disabled" },
  {
    name: "generation",
    type: "u32",
    doc: "counts the policies put into force; the present one lies in `live/NUMBER`, as the bytes of a plan",
  },
  { name: "reserved", type: "u32", doc: "0" },
] as const satisfies RecordLayout;

export const TABLE_MAGIC = "CFDMTABL";
export const TABLE_VERSION = 1;
export const TABLE_HEADER_BYTES = 64;
export const TABLE_RECORD_BYTES = 16;
/** Numbers a host can ever give; the file is sparse. */
export const DOMAIN_NUMBERS_MAX = 65_536;
export const TABLE_BYTES = TABLE_HEADER_BYTES + DOMAIN_NUMBERS_MAX * TABLE_RECORD_BYTES;

/** Where the host's table lies. */
export const LIVE_TABLE = "/run/cofferdam/table";

const WORD_BYTES = 4;
export const TABLE_HEADER_WORDS = TABLE_HEADER_BYTES / WORD_BYTES;
export const TABLE_RECORD_WORDS = TABLE_RECORD_BYTES / WORD_BYTES;

/** Index of the 32-bit word with which the record of a domain begins. */
export function recordWords(number: number): number {
  return TABLE_HEADER_WORDS + number * TABLE_RECORD_WORDS;
}

const levels = ["enforcing", "warning", "disabled"] as const satisfies readonly Level[];

export function wordOfLevel(level: Level): number {
  return levels.indexOf(level);
}

/** null for a word that stands for no level: nobody may take it for a wider one. */
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

/** Magic and version are those of this file. */
export function isTable(words: Int32Array): boolean {
  for (let i = 0; i < 3; i++) if (Atomics.load(words, i) !== header[i]) return false;
  return true;
}
