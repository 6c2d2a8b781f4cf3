import { BPF_OBJ_NAME_LEN, ENOENT } from "../constants.ts";
import { addressOf, close } from "../ffi.ts";
import { attachedIds } from "./attach.ts";
import { attachTypes } from "./attach-types.ts";
import { mapInfo, programInfo } from "./info.ts";
import { libbpf } from "./libbpf.ts";
import { check, openProgram } from "./object.ts";

/** Limit on the maps of one program that are examined. */
const MAPS_MAX = 64;
/**
 * Limit on the batches of one listing. Each bucket is read once, so only entries that move
 * meanwhile could make more.
 */
const BATCHES_MAX = 8;
/** The kernel's cursor in a hash map between two batches. */
const BATCH_PLACE_BYTES = 4;

/**
 * A new descriptor of the map `name`, which a program of this hook uses. `cgroup`: an open cgroup
 * directory, to which the program is attached. null if none of its programs has such a map. Needs
 * CAP_SYS_ADMIN.
 */
export function openMap(cgroup: number, attachType: number, name: string): number | null {
  for (const program of attachedIds(cgroup, attachType)) {
    for (const id of withFd(openProgram(program), mapIds)) {
      const fd = check(`open map ${id}`, libbpf().mapById(id));
      if (nameOf(fd) === name) return fd;
      close(fd);
    }
  }
  return null;
}

/**
 * The same for any program of the anchor. Supervised domains have programs for connections only.
 */
export function openAnchorMap(cgroup: number, name: string): number | null {
  return openMap(cgroup, attachTypes.connect4, name);
}

export interface MapSizes {
  /** Size, bytes. */
  readonly key: number;
  readonly value: number;
  /** Limit on the entries. */
  readonly entries: number;
}

/**
 * Calls `visit` for the entries of a hash map (BPF_MAP_LOOKUP_BATCH, Linux 5.6). Each entry is
 * consistent. An entry that stays in the map is visited once, unless new ones come faster than they
 * are listed. The buffers are reused after each call.
 */
export function listMap(
  fd: number,
  sizes: MapSizes,
  visit: (key: Buffer, value: Buffer) => void,
): void {
  const keys = Buffer.alloc(sizes.key * sizes.entries);
  const values = Buffer.alloc(sizes.value * sizes.entries);
  let from: Buffer | null = null;
  for (let batch = 0; batch < BATCHES_MAX; batch++) {
    const to = Buffer.alloc(BATCH_PLACE_BYTES);
    const count = [sizes.entries];
    const result: number = libbpf().lookupBatch(fd, from, to, keys, values, count, null);
    if (result !== -ENOENT) check("list a map", result);
    for (let at = 0; at < (count[0] ?? 0); at++) {
      visit(
        keys.subarray(at * sizes.key, (at + 1) * sizes.key),
        values.subarray(at * sizes.value, (at + 1) * sizes.value),
      );
    }
    if (result === -ENOENT) return;
    from = to;
  }
}

/** null if no program of the hook uses a map of this name. */
export function openProgramWith(cgroup: number, attachType: number, map: string): number | null {
  for (const id of attachedIds(cgroup, attachType)) {
    const program = openProgram(id);
    if (mapsOfProgram(program).has(map)) return program;
    close(program);
  }
  return null;
}

export function mapsOfProgram(program: number): Map<string, number> {
  return new Map([...mapIds(program)].map((id) => [nameOfMap(id), id]));
}

function nameOfMap(id: number): string {
  return withFd(check(`open map ${id}`, libbpf().mapById(id)), nameOf);
}

function mapIds(program: number): Uint32Array {
  const ids = new Uint32Array(new ArrayBuffer(4 * MAPS_MAX));
  const info = Buffer.alloc(programInfo.bytes);
  info.writeUInt32LE(MAPS_MAX, programInfo.mapCount);
  info.writeBigUInt64LE(addressOf(new Uint8Array(ids.buffer)), programInfo.mapIds);
  check("ask for the program's maps", libbpf().programInfo(program, info, [info.length]));
  return ids.subarray(0, Math.min(MAPS_MAX, info.readUInt32LE(programInfo.mapCount)));
}

/** By its id; null if there is none of that name any more. */
export function openMapById(id: number, name: string): number | null {
  const fd: number = libbpf().mapById(id);
  if (fd === -ENOENT) return null;
  check(`open map ${id}`, fd);
  if (nameOf(fd) === name) return fd;
  close(fd);
  return null;
}

export function idOfMap(map: number): number {
  return aboutMap(map).readUInt32LE(mapInfo.id);
}

function aboutMap(map: number): Buffer {
  const info = Buffer.alloc(mapInfo.bytes);
  check("ask about a map", libbpf().mapInfo(map, info, [info.length]));
  return info;
}

function nameOf(map: number): string {
  const name = aboutMap(map).subarray(mapInfo.name, mapInfo.name + BPF_OBJ_NAME_LEN);
  return name.toString("latin1", 0, name.indexOf(0));
}

export function withFd<T>(fd: number, work: (fd: number) => T): T {
  try {
    return work(fd);
  } finally {
    close(fd);
  }
}

/** A key or value of 32 bits. */
export function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
