/** What a file rule may grant, as apparmor_parser numbers it. */
export const FilePermission = { execute: 1, write: 2, read: 4, append: 8 } as const;

const MAGIC = 0x1b5e783d;
const Table = { accept: 1, base: 2, check: 3, otherwise: 4, class: 5, next: 8 } as const;
/** Of a table: its number, the size of an element, two lengths. */
const HEAD_BYTES = 12;
const ALIGNED_BYTES = 8;
/** Of a state's base: a place in the tables. Bits above it are for kernels that ask for them. */
const PLACE_MAX = 0x00ff_ffff;
/** The state before the first byte. */
const START = 1;
/** Of an accepting state: bits for the owner of a file, and further up those for others. */
const PERMISSIONS = 0x7f;
const OTHERS_SHIFT = 14;

/**
 * An automaton that apparmor_parser has compiled, walked as the kernel does
 * (`security/apparmor/match.c`).
 */
export class Automaton {
  readonly #accept: Uint32Array;
  readonly #base: Uint32Array;
  readonly #check: Uint32Array;
  readonly #otherwise: Uint32Array;
  readonly #next: Uint32Array;
  /** Bytes that every state takes for the same have the same number; null: each its own. */
  readonly #classes: Uint32Array | null;

  /** @throws Error if it is none */
  constructor(blob: Buffer) {
    const tables = tablesOf(blob);
    const table = (id: number): Uint32Array => {
      const found = tables.get(id);
      if (found === undefined) throw new Error(`an automaton of AppArmor lacks its table ${id}`);
      return found;
    };
    this.#accept = table(Table.accept);
    this.#base = table(Table.base);
    this.#check = table(Table.check);
    this.#otherwise = table(Table.otherwise);
    this.#next = table(Table.next);
    this.#classes = tables.get(Table.class) ?? null;
  }

  /** Of {@link FilePermission}: what the owner of a file of this name gets, and what others get. */
  permissions(name: string): { readonly owner: number; readonly others: number } {
    let state = START;
    for (const byte of Buffer.from(name)) state = this.#step(state, byte);
    const accept = at(this.#accept, state);
    return { owner: accept & PERMISSIONS, others: (accept >>> OTHERS_SHIFT) & PERMISSIONS };
  }

  #step(state: number, byte: number): number {
    const base = at(this.#base, state);
    if (base > PLACE_MAX) throw new Error("an automaton of AppArmor is in a form not known here");
    const place = base + (this.#classes === null ? byte : at(this.#classes, byte));
    return at(this.#check, place) === state ? at(this.#next, place) : at(this.#otherwise, state);
  }
}

/** By their numbers; all of it is big-endian. */
function tablesOf(blob: Buffer): ReadonlyMap<number, Uint32Array> {
  // The kernel wants it aligned: zeros may stand in front.
  const start = blob.findIndex((byte) => byte !== 0);
  const bytes = blob.subarray(Math.max(start, 0));
  if (bytes.readUInt32BE(0) !== MAGIC) throw new Error("it is no automaton of AppArmor");
  const tables = new Map<number, Uint32Array>();
  const end = bytes.readUInt32BE(8);
  for (let place = bytes.readUInt32BE(4); place < end; ) {
    const size = bytes.readUInt16BE(place + 2);
    const length = bytes.readUInt32BE(place + 8);
    const first = place + HEAD_BYTES;
    const element = (_: unknown, index: number) => bytes.readUIntBE(first + index * size, size);
    tables.set(bytes.readUInt16BE(place), Uint32Array.from({ length }, element));
    place += Math.ceil((HEAD_BYTES + length * size) / ALIGNED_BYTES) * ALIGNED_BYTES;
  }
  return tables;
}

function at(table: Uint32Array, index: number): number {
  const value = table[index];
  if (value === undefined) throw new Error(`an automaton of AppArmor ends before ${index}`);
  return value;
}
