import { type Field, place, type RecordLayout, type RecordOf } from "./layout.ts";

export interface StringWriter {
  offsetOf(text: string): number;
}
export interface StringReader {
  at(offset: number, position: number): string;
}

/** Padding inside records is zero. */
export function writeRecords<L extends RecordLayout>(
  layout: L,
  records: readonly RecordOf<L>[],
  strings: StringWriter,
): Uint8Array {
  const { offsets, size } = place(layout);
  const bytes = new Uint8Array(size * records.length);
  const view = new DataView(bytes.buffer);
  records.forEach((record, index) => {
    layout.forEach((field, position) => {
      const value = (record as Record<string, unknown>)[field.name];
      writeField(view, bytes, size * index + (offsets[position] ?? 0), field, value, strings);
    });
  });
  return bytes;
}

function writeField(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  field: Field,
  value: unknown,
  strings: StringWriter,
) {
  switch (field.type) {
    case "u8":
      return view.setUint8(at, inRange(field, value, 0xff));
    case "u16":
      return view.setUint16(at, inRange(field, value, 0xffff), true);
    case "u32":
      return view.setUint32(at, inRange(field, value, 0xffff_ffff), true);
    case "u64":
      return view.setBigUint64(at, wide(field, value, 0n, 2n ** 64n), true);
    case "i64":
      return view.setBigInt64(at, wide(field, value, -(2n ** 63n), 2n ** 63n), true);
    case "string":
      return view.setUint32(at, strings.offsetOf(value as string), true);
    case "path":
      return view.setUint32(at, strings.offsetOf(absolute(field, value)), true);
    case "tag":
      if (!(value instanceof Uint8Array) || value.length !== 8)
        throw new RangeError(`${field.name}: not 8 bytes`);
      return bytes.set(value, at);
  }
}

/** The launcher refuses other paths. */
function absolute(field: Field, value: unknown): string {
  if (typeof value !== "string" || !value.startsWith("/")) {
    throw new RangeError(`${field.name}: ${String(value)} is not an absolute path`);
  }
  return value;
}

function inRange(field: Field, value: unknown, max: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`${field.name}: ${String(value)} does not fit ${field.type}`);
  }
  return value;
}

function wide(field: Field, value: unknown, min: bigint, end: bigint): bigint {
  if (typeof value !== "bigint" || value < min || value >= end) {
    throw new RangeError(`${field.name}: ${String(value)} does not fit ${field.type}`);
  }
  return value;
}

/** The caller has checked that the record lies inside the plan. */
export function readRecord<L extends RecordLayout>(
  layout: L,
  view: DataView,
  at: number,
  strings: StringReader,
): RecordOf<L> {
  const { offsets } = place(layout);
  const record: Record<string, unknown> = {};
  layout.forEach((field, position) => {
    record[field.name] = readField(view, at + (offsets[position] ?? 0), field, strings);
  });
  return record as RecordOf<L>;
}

function readField(view: DataView, at: number, field: Field, strings: StringReader): unknown {
  switch (field.type) {
    case "u8":
      return view.getUint8(at);
    case "u16":
      return view.getUint16(at, true);
    case "u32":
      return view.getUint32(at, true);
    case "u64":
      return view.getBigUint64(at, true);
    case "i64":
      return view.getBigInt64(at, true);
    case "string":
    case "path":
      return strings.at(view.getUint32(at, true), at);
    case "tag":
      return new Uint8Array(view.buffer, view.byteOffset + at, 8).slice();
  }
}
