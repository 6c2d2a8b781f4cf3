import { ESRCH } from "../kernel/constants.ts";
import { ErrnoError, syscallRaw } from "../kernel/ffi.ts";
import { number as syscallNumber } from "../kernel/syscalls.ts";

/**
 * CPUs a mask can name: bits, a multiple of 64. The kernel's own limit is 8192 (CONFIG_NR_CPUS).
 */
const CPUS_MAX = 8192;

/** As `0-11` or `0,1`; null for a thread that is gone (sched_getaffinity(2)). */
export function readAffinity(tid: number): string | null {
  const mask = new Uint8Array(CPUS_MAX / 8);
  const bytes = syscallRaw(syscallNumber("sched_getaffinity") ?? -1, tid, mask.length, mask);
  if (bytes === -ESRCH) return null;
  if (bytes < 0) throw new ErrnoError(`sched_getaffinity ${tid}`, -bytes);
  return formatCpus(mask.subarray(0, bytes));
}

/** The bits of a mask, lowest first. Three or more in a row become a range. */
export function formatCpus(mask: Uint8Array): string {
  const parts: string[] = [];
  const isSet = (cpu: number): boolean => ((mask[cpu >> 3] ?? 0) & (1 << (cpu & 7))) !== 0;
  for (let cpu = 0; cpu < mask.length * 8; cpu++) {
    if (!isSet(cpu)) continue;
    const first = cpu;
    while (isSet(cpu + 1)) cpu++;
    if (cpu > first + 1) parts.push(`${first}-${cpu}`);
    else parts.push(...(cpu > first ? [`${first}`, `${cpu}`] : [`${first}`]));
  }
  return parts.join(",");
}
