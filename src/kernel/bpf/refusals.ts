import type { Level } from "../../model/policy.ts";
import { ENOENT, O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_RDONLY } from "../constants.ts";
import { close, type Mapping, mapShared, open } from "../ffi.ts";
import { levelOfControl } from "./control.ts";
import { libbpf } from "./libbpf.ts";
import { listMap, openAnchorMap, withFd } from "./maps.ts";
import { check } from "./object.ts";

/**
 * Maps that the programs write. User space may only read them, so that no process can erase
 * records.
 */
export const recordMaps = ["denials", "refusals", "instances", "recorded"] as const;

/** `enum refusal_kind` of bpf/records.h, in order. */
export const refusalKinds = [
  "create",
  "connect",
  "send",
  "bind",
  "unixConnect",
  "unixSend",
] as const;
export type RefusalKind = (typeof refusalKinds)[number];

/** `struct refusal_key` of bpf/records.h: offsets and size, bytes. */
export const keyLayout = {
  cgroup: 0,
  process: 8,
  kind: 12,
  family: 13,
  length: 14,
  type: 16,
  protocol: 18,
  port: 20,
  address: 22,
  level: 134,
  denied: 135,
  bytes: 136,
} as const;
/** `struct refusal`. */
export const refusalLayout = { count: 0, first: 8, uid: 16, comm: 20, bytes: 40 } as const;
/** `struct instance`. */
export const instanceLayout = { refusals: 0, name: 8, bytes: 24 } as const;
/** REFUSALS_MAX and INSTANCES_MAX. */
export const recordLimits = { refusals: 2048, instances: 1024 } as const;

const COMM_BYTES = 16;
const CGROUP_ID_BYTES = 8;
/** Of the map `recorded`. */
const COUNT_BYTES = 8;

/** One kind of request that a process made in vain or, at level warning, outside its domain. */
export interface Refusal {
  /**
   * Unique among the entries of the map. An entry that was dropped and made again has another
   * `first`.
   */
  readonly key: string;
  /** Thread group, in the first pid namespace. */
  readonly process: number;
  readonly kind: RefusalKind;
  /** AF_* of the address, or of the socket that was not made. */
  readonly family: number;
  /**
   * 4 or 16 bytes in network order, or a sun_path (an abstract name with its NUL); empty for a
   * socket.
   */
  readonly address: Uint8Array;
  /** SOCK_* and IPPROTO_*; 0 for unix. */
  readonly type: number;
  readonly protocol: number;
  readonly port: number;
  /** The level at that moment. */
  readonly level: Level;
  /** false where the call went on. */
  readonly denied: boolean;
  readonly count: number;
  /** Time of the first one, CLOCK_MONOTONIC, nanoseconds. */
  readonly first: bigint;
  readonly uid: number;
  readonly comm: Uint8Array;
}

/**
 * Reads what the programs of one anchor refused. Reading changes nothing, so there may be any
 * number of readers.
 */
export class RefusalReader {
  readonly #refusals: number;
  readonly #instances: number;
  readonly #recorded: Mapping;
  readonly #count: BigUint64Array;

  private constructor(refusals: number, instances: number, recorded: Mapping) {
    this.#refusals = refusals;
    this.#instances = instances;
    this.#recorded = recorded;
    this.#count = new BigUint64Array(recorded.bytes.buffer, recorded.bytes.byteOffset, 1);
  }

  /** null when the anchor's programs are of an older Cofferdam and keep no such records. */
  static open(anchor: string): RefusalReader | null {
    return withFd(open(anchor, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), (fd) => {
      const maps = (["refusals", "instances", "recorded"] as const).map((name) =>
        openAnchorMap(fd, name),
      );
      const [refusals = null, instances = null, recorded = null] = maps;
      try {
        if (refusals === null || instances === null || recorded === null) return null;
        const mapping = mapShared(recorded, COUNT_BYTES, { writable: false });
        return new RefusalReader(refusals, instances, mapping);
      } finally {
        // The mapping keeps its map.
        const isWhole = refusals !== null && instances !== null && recorded !== null;
        for (const map of isWhole ? [recorded] : maps) if (map !== null) close(map);
      }
    });
  }

  close(): void {
    close(this.#refusals);
    close(this.#instances);
    this.#recorded.unmap();
  }

  /** The number of records of all instances together: one load from memory. */
  get recorded(): bigint {
    return Atomics.load(this.#count, 0);
  }

  /**
   * The cgroups in which something was refused. With a name, those of that name, of which there are
   * several when a process id was reused.
   */
  instances(name: string | null): bigint[] {
    const ids: bigint[] = [];
    const wanted = Buffer.from(name === null ? "" : `${name}\0`);
    const sizes = {
      key: CGROUP_ID_BYTES,
      value: instanceLayout.bytes,
      entries: recordLimits.instances,
    };
    listMap(this.#instances, sizes, (id, instance) => {
      if (
        wanted.equals(instance.subarray(instanceLayout.name, instanceLayout.name + wanted.length))
      )
        ids.push(id.readBigUInt64LE());
    });
    return ids;
  }

  /** The name of every cgroup in which something was refused, by its id. */
  names(): ReadonlyMap<bigint, string> {
    const names = new Map<bigint, string>();
    const sizes = {
      key: CGROUP_ID_BYTES,
      value: instanceLayout.bytes,
      entries: recordLimits.instances,
    };
    listMap(this.#instances, sizes, (id, instance) => {
      const [name = ""] = instance.toString("latin1", instanceLayout.name).split("\0", 1);
      names.set(id.readBigUInt64LE(), name);
    });
    return names;
  }

  /** The number of all refusals in the cgroup, including those whose records were dropped. */
  total(cgroup: bigint): number {
    const key = Buffer.alloc(CGROUP_ID_BYTES);
    key.writeBigUInt64LE(cgroup);
    const value = Buffer.alloc(instanceLayout.bytes);
    const result: number = libbpf().lookupElement(this.#instances, key, value);
    if (result === -ENOENT) return 0;
    check("read the total of an instance", result);
    return Number(value.readBigUInt64LE(instanceLayout.refusals));
  }

  /** The refusals in the cgroup that the kernel still has records of, in no order. */
  read(cgroup: bigint): Refusal[] {
    const found: Refusal[] = [];
    const sizes = {
      key: keyLayout.bytes,
      value: refusalLayout.bytes,
      entries: recordLimits.refusals,
    };
    listMap(this.#refusals, sizes, (key, value) => {
      if (key.readBigUInt64LE(keyLayout.cgroup) === cgroup) found.push(decode(key, value));
    });
    return found;
  }
}

function decode(key: Buffer, value: Buffer): Refusal {
  const kind = refusalKinds[key.readUInt8(keyLayout.kind)];
  if (kind === undefined)
    throw new Error(`a refusal of unknown kind ${key.readUInt8(keyLayout.kind)}`);
  const comm = value.subarray(refusalLayout.comm, refusalLayout.comm + COMM_BYTES);
  const length = key.readUInt16LE(keyLayout.length);
  return {
    key: key.toString("latin1"),
    process: key.readUInt32LE(keyLayout.process),
    kind,
    family: key.readUInt8(keyLayout.family),
    address: Uint8Array.from(key.subarray(keyLayout.address, keyLayout.address + length)),
    type: key.readUInt16LE(keyLayout.type),
    protocol: key.readUInt16LE(keyLayout.protocol),
    port: key.readUInt16LE(keyLayout.port),
    level: levelOfControl(key.readUInt8(keyLayout.level)),
    denied: key.readUInt8(keyLayout.denied) !== 0,
    count: Number(value.readBigUInt64LE(refusalLayout.count)),
    first: value.readBigUInt64LE(refusalLayout.first),
    uid: value.readUInt32LE(refusalLayout.uid),
    comm: Uint8Array.from(comm.subarray(0, Math.max(0, comm.indexOf(0)))),
  };
}
