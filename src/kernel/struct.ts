/** Offsets of a C struct by the C ABI of x86_64, and readers and writers of its fields. */
export type FieldKind =
  | "u8"
  | "u16"
  | "u32"
  | "i32"
  | "u64"
  | "i64"
  /** Network byte order. */
  | "u16be"
  | `bytes:${number}`;

export type FieldValue<K extends FieldKind> = K extends "u64" | "i64"
  ? bigint
  : K extends `bytes:${number}`
    ? Uint8Array
    : number;

export type Fields = Readonly<Record<string, FieldKind>>;

/**
 * The fields of an array with one element for each argument of a system call: `NAME[0]` to
 * `NAME[5]`.
 */
export function ofEachArgument<const N extends string, const K extends FieldKind>(
  name: N,
  kind: K,
): { readonly [A in `${N}[${0 | 1 | 2 | 3 | 4 | 5}]`]: K } {
  const fields = Array.from({ length: 6 }, (_, index) => [`${name}[${index}]`, kind]);
  return Object.fromEntries(fields);
}

export type Decoded<F extends Fields> = { readonly [N in keyof F]: FieldValue<F[N]> };

export interface Layout<F extends Fields> {
  /** As in C, `struct NAME`. */
  readonly cName: string;
  readonly fields: F;
  readonly prefix: boolean;
  readonly size: number;
  /** Offset of each field, bytes. A field's name is its C path, e.g. `data.args[0]`. */
  readonly offset: Readonly<Record<keyof F, number>>;
  /** Zeroed memory at a fixed address, which may be given to the kernel. */
  alloc(): Buffer;
  /** Fields that are left out are zero. */
  encode(values: Partial<Decoded<F>>): Buffer;
  /** `bytes` fields are copies. Throws RangeError if the buffer is too short. */
  decode(bytes: Uint8Array, at?: number): Decoded<F>;
}

/**
 * `fields` in C's order; `packed` for structs with that attribute; `prefix` if C's struct has more
 * fields.
 */
export function struct<const F extends Fields>(
  cName: string,
  fields: F,
  options: { packed?: boolean; prefix?: boolean } = {},
): Layout<F> {
  const { offset, size } = place(fields, options.packed ?? false);
  return {
    cName,
    fields,
    prefix: options.prefix ?? false,
    size,
    offset,
    alloc: () => Buffer.from(new ArrayBuffer(size)),
    encode: (values) => {
      const bytes = Buffer.from(new ArrayBuffer(size));
      for (const [name, value] of Object.entries(values)) {
        if (value !== undefined)
          writeField(bytes, offset[name] ?? Number.NaN, fields[name] ?? "u8", value);
      }
      return bytes;
    },
    decode: (bytes, at = 0) => {
      const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const entries = Object.entries(fields).map(([name, kind]) => [
        name,
        readField(view, at + (offset[name] ?? 0), kind),
      ]);
      return Object.fromEntries(entries) as Decoded<F>;
    },
  };
}

function place<F extends Fields>(
  fields: F,
  packed: boolean,
): { offset: Record<keyof F, number>; size: number } {
  const offset: Record<string, number> = {};
  let end = 0;
  let widest = 1;
  for (const [name, kind] of Object.entries(fields)) {
    const alignment = packed ? 1 : alignmentOf(kind);
    widest = Math.max(widest, alignment);
    offset[name] = roundUp(end, alignment);
    end = offset[name] + sizeOf(kind);
  }
  return { offset: offset as Record<keyof F, number>, size: roundUp(end, widest) };
}

function sizeOf(kind: FieldKind): number {
  if (kind.startsWith("bytes:")) return Number(kind.slice("bytes:".length));
  return Number(/\d+/.exec(kind)?.[0]) / 8;
}

function alignmentOf(kind: FieldKind): number {
  return kind.startsWith("bytes:") ? 1 : sizeOf(kind);
}

function roundUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

function readField(view: Buffer, at: number, kind: FieldKind): number | bigint | Uint8Array {
  switch (kind) {
    case "u8":
      return view.readUInt8(at);
    case "u16":
      return view.readUInt16LE(at);
    case "u16be":
      return view.readUInt16BE(at);
    case "u32":
      return view.readUInt32LE(at);
    case "i32":
      return view.readInt32LE(at);
    case "u64":
      return view.readBigUInt64LE(at);
    case "i64":
      return view.readBigInt64LE(at);
    default: {
      const end = at + sizeOf(kind);
      if (end > view.length)
        throw new RangeError(`${kind} at ${at} lies beyond ${view.length} bytes`);
      return new Uint8Array(view.subarray(at, end));
    }
  }
}

function writeField(
  view: Buffer,
  at: number,
  kind: FieldKind,
  value: number | bigint | Uint8Array,
): void {
  if (typeof value === "bigint") {
    if (kind === "u64") view.writeBigUInt64LE(value, at);
    else view.writeBigInt64LE(value, at);
  } else if (typeof value === "number") {
    writeNumber(view, at, kind, value);
  } else {
    if (value.length > sizeOf(kind))
      throw new RangeError(`${value.length} bytes do not fit into ${kind}`);
    view.set(value, at);
  }
}

function writeNumber(view: Buffer, at: number, kind: FieldKind, value: number): void {
  if (kind === "u8") view.writeUInt8(value, at);
  else if (kind === "u16") view.writeUInt16LE(value, at);
  else if (kind === "u16be") view.writeUInt16BE(value, at);
  else if (kind === "u32") view.writeUInt32LE(value, at);
  else if (kind === "i32") view.writeInt32LE(value, at);
  else throw new TypeError(`${kind} takes no number`);
}
