import { ENOENT } from "../constants.ts";
import { close } from "../ffi.ts";
import { libbpf } from "./libbpf.ts";
import { listMap, openMapById, withFd } from "./maps.ts";
import { check } from "./object.ts";
import { CountPage, decodeTally, type Tally, tallyLayout } from "./tally.ts";

/** The maps of bpf/cofferdam_capabilities.bpf.c. */
export const useMaps = ["watched", "uses", "used"] as const;
/** Its programs, in the order in which they are tried. */
export const usePrograms = ["at_return", "at_tracepoint"] as const;
export type UseProgram = (typeof usePrograms)[number];

/** `struct use_key` of bpf/capability_uses.h: offsets and size, bytes. */
export const useKeyLayout = { cgroup: 0, process: 8, capability: 12, call: 16, bytes: 24 } as const;
/** USES_MAX. */
export const USES_MAX = 2048;

/** The tracepoint's name; null for a program that names what it is attached to. */
const tracepoints: Readonly<Record<UseProgram, string | null>> = {
  at_return: null,
  at_tracepoint: "cap_capable",
};

const GROUP_BYTES = 8;
const MASK_BYTES = 8;

/** Where another process finds the loaded program and its maps: the kernel's ids. */
export interface UseIds {
  readonly name: UseProgram;
  readonly program: number;
  readonly watched: number;
  readonly uses: number;
  readonly used: number;
}

/** A capability that the kernel found that it needs, and found in a process of the domain. */
export interface CapabilityUse extends Tally {
  /** Thread group, in the first pid namespace. */
  readonly process: number;
  readonly capability: number;
  /** Number of the system call; negative for none that is known. */
  readonly call: number;
}

/**
 * Records of the kernel's own checks for capabilities, in the control groups that are watched. The
 * program is attached while there is such a group, and only then costs other processes anything.
 */
export class CapabilityUses {
  readonly #name: UseProgram;
  readonly #program: number;
  readonly #watched: number;
  readonly #uses: number;
  readonly #used: CountPage;
  readonly #groups = new Set<bigint>();
  #link: number | null = null;

  private constructor(
    name: UseProgram,
    [program, watched, uses]: readonly number[],
    used: CountPage,
  ) {
    this.#name = name;
    this.#program = program ?? -1;
    this.#watched = watched ?? -1;
    this.#uses = uses ?? -1;
    this.#used = used;
  }

  /** null if the process that loaded the program has ended. */
  static open(ids: UseIds): CapabilityUses | null {
    const program: number = libbpf().programById(ids.program);
    if (program === -ENOENT) return null;
    check(`open program ${ids.program}`, program);
    const maps = useMaps.map((name) => openMapById(ids[name], name));
    const [watched = null, uses = null, used = null] = maps;
    if (watched === null || uses === null || used === null) {
      for (const fd of [program, ...maps]) if (fd !== null) close(fd);
      return null;
    }
    const page = withFd(used, (fd) => new CountPage(fd));
    return new CapabilityUses(ids.name, [program, watched, uses], page);
  }

  close(): void {
    for (const group of [...this.#groups]) this.unwatch(group);
    for (const fd of [this.#program, this.#watched, this.#uses]) close(fd);
    this.#used.close();
  }

  /** Of all groups together: one load from memory. */
  get used(): bigint {
    return this.#used.count;
  }

  /** `mask`: `1 << number` of each capability whose use is recorded. */
  watch(group: bigint, mask: bigint): void {
    const value = Buffer.alloc(MASK_BYTES);
    value.writeBigUInt64LE(mask);
    check("watch a group", libbpf().updateElement(this.#watched, groupKey(group), value, 0));
    this.#groups.add(group);
    this.#link ??= check(
      "attach to the kernel's check",
      libbpf().openTracepoint(tracepoints[this.#name], this.#program),
    );
  }

  unwatch(group: bigint): void {
    if (!this.#groups.delete(group)) return;
    libbpf().deleteElement(this.#watched, groupKey(group));
    if (this.#groups.size > 0 || this.#link === null) return;
    close(this.#link);
    this.#link = null;
  }

  /** Removes the records of the group, so that each use is returned once. */
  take(group: bigint): CapabilityUse[] {
    const found: CapabilityUse[] = [];
    const keys: Buffer[] = [];
    const sizes = { key: useKeyLayout.bytes, value: tallyLayout.bytes, entries: USES_MAX };
    listMap(this.#uses, sizes, (key, value) => {
      if (key.readBigUInt64LE(useKeyLayout.cgroup) !== group) return;
      keys.push(Buffer.from(key));
      found.push(decode(key, value));
    });
    for (const key of keys) libbpf().deleteElement(this.#uses, key);
    return found;
  }
}

function groupKey(group: bigint): Buffer {
  const key = Buffer.alloc(GROUP_BYTES);
  key.writeBigUInt64LE(group);
  return key;
}

function decode(key: Buffer, value: Buffer): CapabilityUse {
  return {
    process: key.readUInt32LE(useKeyLayout.process),
    capability: key.readUInt32LE(useKeyLayout.capability),
    call: key.readInt32LE(useKeyLayout.call),
    ...decodeTally(value),
  };
}
