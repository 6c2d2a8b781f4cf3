import { PlanFormatError } from "./format-error.ts";
import {
  align,
  ENTRY_SIZE,
  HEADER_SIZE,
  header,
  PLAN_MAGIC,
  PLAN_VERSION,
  planLimits,
  recordSize,
  SECTION_ALIGNMENT,
  type SectionName,
  sectionEntry,
  sectionNames,
} from "./layout.ts";
import { readRecord, type StringReader } from "./record.ts";

export type SectionRanges = Readonly<
  Record<SectionName, { readonly offset: number; readonly length: number }>
>;

/**
 * Checks header, checksum and section table. Ranges are in bytes from the beginning of the plan.
 */
export function sectionRanges(bytes: Uint8Array, crc: (body: Uint8Array) => number): SectionRanges {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  checkHeader(bytes, view, crc);
  const ranges: Partial<Record<SectionName, { offset: number; length: number }>> = {};
  let end = HEADER_SIZE + ENTRY_SIZE * sectionNames.length;
  sectionNames.forEach((name, index) => {
    const at = HEADER_SIZE + ENTRY_SIZE * index;
    const entry = readRecord(sectionEntry, view, at, noStrings);
    const offset = align(end, SECTION_ALIGNMENT);
    if (entry.id !== index)
      throw new PlanFormatError(at, `section ${entry.id} where ${index} belongs`);
    if (entry.record !== recordSize(name))
      throw new PlanFormatError(at, `records of ${entry.record} bytes in ${name}`);
    if (entry.offset !== BigInt(offset))
      throw new PlanFormatError(at, `${name} begins at ${entry.offset}, not at ${offset}`);
    if (entry.length > BigInt(bytes.length - offset))
      throw new PlanFormatError(at, `${name} reaches beyond the end`);
    const length = Number(entry.length);
    if (length % entry.record !== 0) throw new PlanFormatError(at, `${name} ends inside a record`);
    if (bytes.subarray(end, offset).some((byte) => byte !== 0))
      throw new PlanFormatError(end, "padding is not zero");
    end = offset + length;
    ranges[name] = { offset, length };
  });
  if (align(end, SECTION_ALIGNMENT) !== bytes.length)
    throw new PlanFormatError(end, "bytes behind the last section");
  if (bytes.subarray(end).some((byte) => byte !== 0))
    throw new PlanFormatError(end, "padding is not zero");
  return ranges as SectionRanges;
}

function checkHeader(bytes: Uint8Array, view: DataView, crc: (body: Uint8Array) => number) {
  const tableEnd = HEADER_SIZE + ENTRY_SIZE * sectionNames.length;
  if (bytes.length < tableEnd)
    throw new PlanFormatError(bytes.length, "ends inside header or section table");
  if (bytes.length > planLimits.PLAN_BYTES_MAX)
    throw new PlanFormatError(0, `larger than ${planLimits.PLAN_BYTES_MAX} bytes`);
  const head = readRecord(header, view, 0, noStrings);
  if (new TextDecoder().decode(head.magic) !== PLAN_MAGIC) throw new PlanFormatError(0, "no plan");
  if (head.version !== PLAN_VERSION)
    throw new PlanFormatError(8, `version ${head.version}, not ${PLAN_VERSION}`);
  if (head.sections !== sectionNames.length)
    throw new PlanFormatError(12, `${head.sections} sections, not ${sectionNames.length}`);
  if (head.length !== BigInt(bytes.length))
    throw new PlanFormatError(16, `${bytes.length} bytes, but ${head.length} promised`);
  if (head.crc !== crc(bytes.subarray(HEADER_SIZE)))
    throw new PlanFormatError(24, "checksum differs");
  if (head.reserved !== 0) throw new PlanFormatError(28, "reserved field is not 0");
}

const noStrings: StringReader = {
  at(offset, position) {
    throw new PlanFormatError(position, `string ${offset} where none can be`);
  },
};
