import type { Level } from "../../model/policy.ts";
import { ENOENT, O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_RDONLY } from "../constants.ts";
import { close, open } from "../ffi.ts";
import { levelOfControl } from "./control.ts";
import { libbpf } from "./libbpf.ts";
import { listMap, openAnchorMap, withFd } from "./maps.ts";
import { check } from "./object.ts";
import { CountPage, decodeTally, type Tally, tallyLayout } from "./tally.ts";

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
/** `struct instance`. */
export const instanceLayout = { refusals: 0, name: 8, bytes: 24 } as const;
/** REFUSALS_MAX and INSTANCES_MAX. */
export const recordLimits = { refusals: 2048, instances: 1024 } as const;

const CGROUP_ID_BYTES = 8;

/** One kind of request outside the domain: refused, or granted at level warning. */
export interface Refusal extends Tally {
  /**
   * Unique among the entries of the map. An entry that was dropped and made again has another
   * `first`.
   */
  readonly key: string;
  /** Thread group, in the first pid namespace. */
  readonly process: number;
  readonly kind: RefusalKind;
  /** AF_* of the address, or of the socket that was refused. */
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
  readonly level: Level;
  /** false if the call went on. */
  readonly denied: boolean;
}

/**
 * Reads what the programs of one anchor refused. Reading changes nothing, so there may be any
 * number of readers.
 */
export class RefusalReader {
  readonly #refusals: number;
  readonly #instances: number;
  readonly #recorded: CountPage;

  private constructor(refusals: number, instances: number, recorded: CountPage) {
    this.#refusals = refusals;
    this.#instances = instances;
    this.#recorded = recorded;
  }

  /** null if the anchor's programs are of an older Cofferdam and keep no such records. */
  static open(anchor: string): RefusalReader | null {
    return withFd(open(anchor, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), (fd) => {
      const maps = (["refusals", "instances", "recorded"] as const).map((name) =>
        openAnchorMap(fd, name),
      );
      const [refusals = null, instances = null, recorded = null] = maps;
      try {
        if (refusals === null || instances === null || recorded === null) return null;
        return new RefusalReader(refusals, instances, new CountPage(recorded));
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
    this.#recorded.close();
  }

  /** Of all instances together: one load from memory. */
  get recorded(): bigint {
    return this.#recorded.count;
  }

  /**
   * The cgroups in which something was refused; with `name`, only those of that name. A reused
   * process id gives several cgroups of one name.
   */
  instances(name: string | null): bigint[] {
    const found = [...this.names()].filter(([, one]) => name === null || one === name);
    return found.map(([id]) => id);
  }

  /** By the id of the cgroup. */
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

  /** Includes refusals whose records were dropped. */
  total(cgroup: bigint): number {
    const key = Buffer.alloc(CGROUP_ID_BYTES);
    key.writeBigUInt64LE(cgroup);
    const value = Buffer.alloc(instanceLayout.bytes);
    const result: number = libbpf().lookupElement(this.#instances, key, value);
    if (result === -ENOENT) return 0;
    check("read the total of an instance", result);
    return Number(value.readBigUInt64LE(instanceLayout.refusals));
  }

  /** In no order, as far as the kernel still has records. */
  read(cgroup: bigint): Refusal[] {
    const found: Refusal[] = [];
    const sizes = {
      key: keyLayout.bytes,
      value: tallyLayout.bytes,
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
    ...decodeTally(value),
  };
}
