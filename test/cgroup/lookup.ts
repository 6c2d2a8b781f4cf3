import {
  type AddressTable,
  NETWORK_KEY_BYTES,
  operationCodes,
  PORT_SET_BYTES,
  protocolNumbers,
} from "../../src/compile/cgroup/address-table.ts";
import type { UnixTable } from "../../src/compile/cgroup/unix-table.ts";
import { judgedAddress } from "../../src/model/network.ts";
import type { AddressRequest } from "../../src/model/request.ts";

type Lookup = Pick<AddressRequest, "protocol" | "address" | "port"> & {
  readonly operation: keyof typeof operationCodes;
};

const HEAD_BITS = 32;

/**
 * What the program answers for an address, by the table's bytes; `steps` counts halvings. Written
 * after bpf/address.h.
 */
export function lookupAddress(
  table: AddressTable,
  request: Lookup,
): { granted: boolean; steps: number } {
  const address = judgedAddress(
    request.operation === "listen" ? "listen" : "connect",
    request.address,
  );
  const wanted = Uint8Array.from([
    operationCodes[request.operation],
    protocolNumbers[request.protocol],
    address.length === 4 ? 4 : 6,
    0,
    ...address,
  ]);
  const set = longestMatch(table, wanted);
  let steps = 0;
  let [low, high] = [set.first, set.first + set.count];
  while (low < high) {
    steps++;
    const middle = low + ((high - low) >>> 1);
    const word = table.intervals[middle]!;
    if (request.port < word >>> 16) high = middle;
    else if (request.port > (word & 0xffff)) low = middle + 1;
    else return { granted: true, steps };
  }
  return { granted: false, steps };
}

/** Written after `is_answer4` and `is_answer6` of bpf/answer.h. */
export function lookupAnswer(
  table: AddressTable,
  { operation, protocol, address, port, answersFrom }: AddressRequest,
): boolean {
  if (answersFrom === undefined || operation !== "connect" || protocol !== "udp") return false;
  return (
    lookupAddress(table, { operation: "listen", protocol, ...answersFrom }).granted &&
    lookupAddress(table, { operation: "answer", protocol, address, port }).granted
  );
}

function longestMatch(table: AddressTable, wanted: Uint8Array): { first: number; count: number } {
  const keys = Buffer.from(table.networkKeys);
  const values = Buffer.from(table.networkValues);
  let best = { bits: -1, first: 0, count: 0 };
  for (let i = 0; i < table.networkCount; i++) {
    const bits = keys.readUInt32LE(i * NETWORK_KEY_BYTES);
    const data = keys.subarray(i * NETWORK_KEY_BYTES + 4, (i + 1) * NETWORK_KEY_BYTES);
    if (bits <= best.bits || bits > wanted.length * 8 || !samePrefix(data, wanted, bits)) continue;
    const at = i * PORT_SET_BYTES;
    best = { bits, first: values.readUInt32LE(at), count: values.readUInt32LE(at + 4) };
  }
  return best;
}

function samePrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  if (bits < HEAD_BITS) throw new Error("a key without its head would match every operation");
  for (let bit = 0; bit < bits; bit++) {
    const mask = 0x80 >> (bit & 7);
    if ((a[bit >> 3]! & mask) !== (b[bit >> 3]! & mask)) return false;
  }
  return true;
}

/**
 * Whether the program grants the name (`/...` or `@...`), by the table. Written after
 * bpf/unix_name.h.
 */
export function lookupUnix(table: UnixTable, name: Uint8Array): boolean {
  let state = table.start;
  for (const byte of name) state = table.next[state * table.classCount + table.classes[byte]!]!;
  return state >= table.firstAccepting;
}
