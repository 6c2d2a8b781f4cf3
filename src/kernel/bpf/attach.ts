import { BPF_F_ALLOW_MULTI, BPF_F_REPLACE, EINVAL } from "../constants.ts";
import { libbpf } from "./libbpf.ts";
import { check, programTagById } from "./object.ts";

/** Limit on the programs of one hook at one cgroup: BPF_CGROUP_MAX_PROGS (kernel/bpf/cgroup.c). */
const PROGRAMS_PER_HOOK_MAX = 64;

/**
 * Attaches to the cgroup directory open as `cgroup`, for as long as the cgroup exists. Other
 * programs on the same hook, above and below, keep running, and all must agree.
 */
export function attachToCgroup(program: number, cgroup: number, attachType: number): void {
  check(
    `attach program for hook ${attachType}`,
    libbpf().attachProgram(program, cgroup, attachType, BPF_F_ALLOW_MULTI),
  );
}

/** `struct bpf_prog_attach_opts` of bpf/bpf.h: offsets and size, bytes. */
const attachOptions = { flags: 8, replaced: 12, bytes: 32 } as const;

/** Every call meets exactly one of the two programs. */
export function replaceOnCgroup(
  program: number,
  cgroup: number,
  attachType: number,
  replaced: number,
): void {
  const options = Buffer.alloc(attachOptions.bytes);
  options.writeBigUInt64LE(BigInt(attachOptions.bytes), 0);
  options.writeUInt32LE(BPF_F_ALLOW_MULTI | BPF_F_REPLACE, attachOptions.flags);
  options.writeInt32LE(replaced, attachOptions.replaced);
  check(
    `replace program for hook ${attachType}`,
    libbpf().attachWith(program, cgroup, attachType, options),
  );
}

export function detachFromCgroup(program: number, cgroup: number, attachType: number): void {
  check(
    `detach program of hook ${attachType}`,
    libbpf().detachProgram(program, cgroup, attachType),
  );
}

/**
 * Without inherited ones, in the order in which they run. None for a hook that this kernel lacks
 * (EINVAL), as kernels before 6.7 lack those of unix sockets.
 */
export function attachedIds(cgroup: number, attachType: number): number[] {
  const ids = new Uint32Array(new ArrayBuffer(4 * PROGRAMS_PER_HOOK_MAX));
  const count = [ids.length];
  const result: number = libbpf().queryPrograms(cgroup, attachType, 0, [0], ids, count);
  if (result === -EINVAL) return [];
  check(`query programs of hook ${attachType}`, result);
  return [...ids.subarray(0, count[0])];
}

/** In hex. */
export function attachedTags(cgroup: number, attachType: number): string[] {
  return attachedIds(cgroup, attachType).map(programTagById);
}
