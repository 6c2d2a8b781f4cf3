import { BPF_F_ALLOW_MULTI, BPF_F_REPLACE } from "../constants.ts";
import { libbpf } from "./libbpf.ts";
import { check, programTagById } from "./object.ts";

/**
 * Programs on one hook of one cgroup: the kernel's own limit, BPF_CGROUP_MAX_PROGS
 * (kernel/bpf/cgroup.c).
 */
const PROGRAMS_PER_HOOK_MAX = 64;

/**
 * Attaches to the cgroup directory open as `cgroup`. Lasts as long as the cgroup, whoever closes
 * what; programs of other owners on the same hook, above and below, keep running, and all must
 * agree.
 */
export function attachToCgroup(program: number, cgroup: number, attachType: number): void {
  check(
    `attach program for hook ${attachType}`,
    libbpf().attachProgram(program, cgroup, attachType, BPF_F_ALLOW_MULTI),
  );
}

/** `struct bpf_prog_attach_opts` of bpf/bpf.h: offsets and size, bytes. */
const attachOptions = { flags: 8, replaced: 12, bytes: 32 } as const;

/**
 * Puts `program` in the place of `replaced`, a program of the same hook: no call finds neither of
 * them, and none finds both.
 */
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

/** Takes the program open as `program` away from this very cgroup. */
export function detachFromCgroup(program: number, cgroup: number, attachType: number): void {
  check(
    `detach program of hook ${attachType}`,
    libbpf().detachProgram(program, cgroup, attachType),
  );
}

/**
 * Identifiers of the programs attached to this very cgroup, inherited ones left out, in the order
 * they run.
 */
export function attachedIds(cgroup: number, attachType: number): number[] {
  const ids = new Uint32Array(new ArrayBuffer(4 * PROGRAMS_PER_HOOK_MAX));
  const count = [ids.length];
  check(
    `query programs of hook ${attachType}`,
    libbpf().queryPrograms(cgroup, attachType, 0, [0], ids, count),
  );
  return [...ids.subarray(0, count[0])];
}

/** Tags (hex) of the same programs. */
export function attachedTags(cgroup: number, attachType: number): string[] {
  return attachedIds(cgroup, attachType).map(programTagById);
}
