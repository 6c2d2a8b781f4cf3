/**
 * The host's table of domains as every process of Cofferdam sees it while it runs: `/run/cofferdam/table`, mapped shared. Written by the agent alone;
 * read at each decision by mediators, and by `ps`. One record a number: the record of domain N lies at {@link TABLE_HEADER_BYTES} + N * {@link TABLE_RECORD_BYTES}.
 * Little-endian. A level or a generation is one aligned 32-bit word, so that a reader never sees half of it.
 */
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
