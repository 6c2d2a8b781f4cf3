import type { Level } from "../../../model/level.ts";
import { nameOfBytes } from "../../../model/name-bytes.ts";
import type { PermissionSet } from "../../../model/permission.ts";
import { type Mapping, mapShared } from "../../ffi.ts";
import { eventLayout, lsmLevels, lsmLimits, nameStates, requestKinds } from "./layout.ts";

/** A request outside its domain; `bpf/lsm/records.h` says what the members mean. */
export interface LsmEvent {
  /** CLOCK_MONOTONIC, nanoseconds. */
  readonly time: bigint;
  readonly domain: number;
  readonly process: number;
  readonly thread: number;
  readonly uid: number;
  readonly kind: (typeof requestKinds)[number];
  readonly level: Level;
  readonly denied: boolean;
  readonly nameState: (typeof nameStates)[number];
  /** That the domain lacks. */
  readonly permissions: PermissionSet;
  /** Of those, what is denied at every level. */
  readonly own: PermissionSet;
  readonly name: string;
  /** The same, or a record of a request without a name. */
  readonly bytes: Uint8Array;
  readonly comm: string;
  /** Requests since the last event about the same, this one included. */
  readonly count: number;
}

const PAGE_BYTES = 4096;
/** Of a record's head: its length with two marks, then what is of no use here. */
const HEAD_BYTES = 8;
const BUSY = 2 ** 31;
const DISCARDED = 2 ** 30;

/**
 * Reads a ring buffer as `kernel/bpf/ringbuf.c` writes it: a page with the reader's position, one
 * with the writers', then the data, mapped twice in a row so that no record is torn. One reader.
 */
export class EventReader {
  readonly #own: Mapping;
  readonly #shared: Mapping;
  readonly #read: BigUint64Array;
  readonly #written: BigUint64Array;
  readonly #data: Buffer;

  /** `map`: its descriptor, which may be closed afterwards. */
  constructor(map: number) {
    this.#own = mapShared(map, PAGE_BYTES);
    this.#shared = mapShared(map, PAGE_BYTES + 2 * lsmLimits.eventsBytes, {
      offset: BigInt(PAGE_BYTES),
      writable: false,
    });
    this.#read = new BigUint64Array(this.#own.bytes.buffer, this.#own.bytes.byteOffset, 1);
    const { buffer, byteOffset, byteLength } = this.#shared.bytes;
    this.#written = new BigUint64Array(buffer, byteOffset, 1);
    this.#data = Buffer.from(buffer, byteOffset + PAGE_BYTES, byteLength - PAGE_BYTES);
  }

  close(): void {
    this.#own.unmap();
    this.#shared.unmap();
  }

  /** Everything that is there, oldest first. */
  take(): readonly LsmEvent[] {
    const events: LsmEvent[] = [];
    const end = Atomics.load(this.#written, 0);
    let at = Atomics.load(this.#read, 0);
    while (at < end) {
      const offset = Number(at % BigInt(lsmLimits.eventsBytes));
      const head = this.#data.readUInt32LE(offset);
      if (head >= BUSY) break;
      const length = head % DISCARDED;
      if (head < DISCARDED)
        events.push(decode(this.#data.subarray(offset + HEAD_BYTES, offset + HEAD_BYTES + length)));
      at += BigInt(Math.ceil((length + HEAD_BYTES) / 8) * 8);
    }
    // Once: by this position the programs know what they have written since the last look.
    Atomics.store(this.#read, 0, at);
    return events;
  }
}

function decode(bytes: Buffer): LsmEvent {
  const comm = bytes.subarray(eventLayout.comm, eventLayout.own);
  const length = bytes.readUInt32LE(eventLayout.length);
  const name = Buffer.from(bytes.subarray(eventLayout.bytes, eventLayout.bytes + length));
  return {
    time: bytes.readBigUInt64LE(eventLayout.time),
    domain: bytes.readUInt32LE(eventLayout.domain),
    process: bytes.readUInt32LE(eventLayout.process),
    thread: bytes.readUInt32LE(eventLayout.thread),
    uid: bytes.readUInt32LE(eventLayout.uid),
    kind: requestKinds[bytes.readUInt8(eventLayout.kind)] ?? "name",
    level: lsmLevels[bytes.readUInt8(eventLayout.level)] ?? "enforcing",
    denied: bytes.readUInt8(eventLayout.denied) !== 0,
    nameState: nameStates[bytes.readUInt8(eventLayout.name_state)] ?? "none",
    permissions: bytes.readUInt32LE(eventLayout.permissions),
    own: bytes.readUInt32LE(eventLayout.own),
    name: nameOfBytes(name),
    bytes: name,
    count: bytes.readUInt32LE(eventLayout.count),
    comm: comm.subarray(0, Math.max(0, comm.indexOf(0))).toString("latin1"),
  };
}
