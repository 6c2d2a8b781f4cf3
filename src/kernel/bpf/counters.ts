import { libbpf } from "./libbpf.ts";
import { openMap, withFd } from "./maps.ts";
import { check } from "./object.ts";

const COUNTER_BYTES = 8;

/**
 * The first `count` entries of the per-CPU array `map`, which the programs of this hook share,
 * summed over all processors.
 */
export function readCounters(
  cgroup: number,
  attachType: number,
  map: string,
  count: number,
): bigint[] {
  const fd = openMap(cgroup, attachType, map);
  if (fd === null) throw new Error(`no program of hook ${attachType} has a map named ${map}`);
  return withFd(fd, () => sums(fd, count));
}

function sums(map: number, count: number): bigint[] {
  const processors = check("count the processors", libbpf().possibleCpus());
  return Array.from({ length: count }, (_, index) => {
    const key = Buffer.alloc(4);
    key.writeUInt32LE(index);
    const values = Buffer.alloc(COUNTER_BYTES * processors);
    check(`read counter ${index}`, libbpf().lookupElement(map, key, values));
    return Array.from({ length: processors }, (_, cpu) =>
      values.readBigUInt64LE(COUNTER_BYTES * cpu),
    ).reduce((a, b) => a + b, 0n);
  });
}
