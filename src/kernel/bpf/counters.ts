import { BPF_OBJ_NAME_LEN } from "../constants.ts";
import { addressOf, close } from "../ffi.ts";
import { attachedIds } from "./attach.ts";
import { mapInfo, programInfo } from "./info.ts";
import { libbpf } from "./libbpf.ts";
import { check } from "./object.ts";

/** Maps of one program that are looked at. */
const MAPS_MAX = 64;
const COUNTER_BYTES = 8;

/** Sums over all processors of the first `count` entries of the per-CPU array `map`, which the programs of this hook share. */
export function readCounters(cgroup: number, attachType: number, map: string, count: number): bigint[] {
  for (const program of attachedIds(cgroup, attachType)) {
    for (const id of withFd(check(`open program ${program}`, libbpf().programById(program)), mapIds)) {
      const fd = check(`open map ${id}`, libbpf().mapById(id));
      const counters = withFd(fd, () => (nameOf(fd) === map ? sums(fd, count) : null));
      if (counters !== null) return counters;
    }
  }
  throw new Error(`no program of hook ${attachType} has a map named ${map}`);
}

function mapIds(program: number): Uint32Array {
  const ids = new Uint32Array(new ArrayBuffer(4 * MAPS_MAX));
  const info = Buffer.alloc(programInfo.bytes);
  info.writeUInt32LE(MAPS_MAX, programInfo.mapCount);
  info.writeBigUInt64LE(addressOf(new Uint8Array(ids.buffer)), programInfo.mapIds);
  check("ask for the program's maps", libbpf().programInfo(program, info, [info.length]));
  return ids.subarray(0, Math.min(MAPS_MAX, info.readUInt32LE(programInfo.mapCount)));
}

function nameOf(map: number): string {
  const info = Buffer.alloc(mapInfo.bytes);
  check("ask for the map's name", libbpf().mapInfo(map, info, [info.length]));
  const name = info.subarray(mapInfo.name, mapInfo.name + BPF_OBJ_NAME_LEN);
  return name.toString("latin1", 0, name.indexOf(0));
}

function sums(map: number, count: number): bigint[] {
  const processors = check("count the processors", libbpf().possibleCpus());
  return Array.from({ length: count }, (_, index) => {
    const key = Buffer.alloc(4);
    key.writeUInt32LE(index);
    const values = Buffer.alloc(COUNTER_BYTES * processors);
    check(`read counter ${index}`, libbpf().lookupElement(map, key, values));
    return Array.from({ length: processors }, (_, cpu) => values.readBigUInt64LE(COUNTER_BYTES * cpu)).reduce(
      (a, b) => a + b,
      0n,
    );
  });
}

function withFd<T>(fd: number, work: (fd: number) => T): T {
  try {
    return work(fd);
  } finally {
    close(fd);
  }
}
