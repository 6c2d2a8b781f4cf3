import type { CgroupTables } from "./tables.ts";

export interface MapBytes {
  readonly name: string;
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  readonly count: number;
}

/** Offsets in `struct configuration` of bpf/tables.h, bytes. */
export const configurationOffsets = {
  unixStart: 0,
  unixFirstOwn: 4,
  unixFirstAccepting: 8,
  unixClasses: 12,
  ping4: 16,
  ping6: 18,
  raw: 20,
  unixClass: 52,
  answers: 308,
} as const;
const CONFIGURATION_BYTES = 312;
/** TRANSITIONS_PER_ROW of bpf/tables.h. */
export const TRANSITIONS_PER_ROW = 16;

/** `struct configuration`, the object's `.rodata`. */
export function configurationBytes({ sockets, unix, answers }: CgroupTables): Uint8Array {
  const bytes = Buffer.alloc(CONFIGURATION_BYTES);
  bytes.writeUInt32LE(unix.start, configurationOffsets.unixStart);
  bytes.writeUInt32LE(unix.firstOwn, configurationOffsets.unixFirstOwn);
  bytes.writeUInt32LE(unix.firstAccepting, configurationOffsets.unixFirstAccepting);
  bytes.writeUInt32LE(unix.classCount, configurationOffsets.unixClasses);
  bytes.writeUInt16LE(Number(sockets.ping4), configurationOffsets.ping4);
  bytes.writeUInt16LE(Number(sockets.ping6), configurationOffsets.ping6);
  bytes.set(sockets.raw, configurationOffsets.raw);
  bytes.set(unix.classes, configurationOffsets.unixClass);
  bytes.writeUInt32LE(Number(answers), configurationOffsets.answers);
  return bytes;
}

/** Filled before the programs are attached, in the order of bpf/tables.h. */
export function mapBytes({ addresses, unix }: CgroupTables): MapBytes[] {
  const { networkKeys, networkValues, networkCount, intervals } = addresses;
  const rows = Math.ceil(unix.next.length / TRANSITIONS_PER_ROW);
  const transitions = new Uint32Array(rows * TRANSITIONS_PER_ROW);
  transitions.set(unix.next);
  return [
    { name: "networks", keys: networkKeys, values: networkValues, count: networkCount },
    {
      name: "port_intervals",
      keys: indices(intervals.length),
      values: bytesOf(intervals),
      count: intervals.length,
    },
    { name: "unix_transitions", keys: indices(rows), values: bytesOf(transitions), count: rows },
  ];
}

function indices(count: number): Uint8Array {
  return bytesOf(Uint32Array.from({ length: count }, (_, index) => index));
}

/** x86_64 and arm64 are little-endian, as are these arrays there. */
function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
