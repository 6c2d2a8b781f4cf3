import {
  BPF_ABS,
  BPF_ALU,
  BPF_AND,
  BPF_JA,
  BPF_JEQ,
  BPF_JGE,
  BPF_JMP,
  BPF_JSET,
  BPF_K,
  BPF_LD,
  BPF_RET,
  BPF_W,
} from "../../kernel/constants.ts";

/**
 * Classic BPF as seccomp runs it. Opcodes: `linux/bpf_common.h`, `linux/filter.h`; offsets: `struct
 * seccomp_data` in `linux/seccomp.h`. Only instructions that the kernel's allow-cache emulates
 * (`seccomp_is_const_allow`) are used, so that plainly allowed calls stay cheap.
 */
export const Op = {
  /** A = 32-bit word of seccomp_data at k. */
  load: BPF_LD | BPF_W | BPF_ABS,
  /** A &= k. */
  and: BPF_ALU | BPF_AND | BPF_K,
  /** Always forward by k. */
  jump: BPF_JMP | BPF_JA,
  /** A == k. */
  equal: BPF_JMP | BPF_JEQ | BPF_K,
  /** A >= k, unsigned. */
  atLeast: BPF_JMP | BPF_JGE | BPF_K,
  /** A & k != 0. */
  anyBit: BPF_JMP | BPF_JSET | BPF_K,
  /** Answer k. */
  answer: BPF_RET | BPF_K,
} as const;

/** `struct sock_filter`: jumps count instructions from the next one. */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/**
 * Offsets in `struct seccomp_data`, bytes. Little endian: the low half of an argument comes first.
 */
export const DATA_NR = 0;
export const DATA_ARCH = 4;
export const dataArgument = (index: number, half: "low" | "high"): number =>
  16 + 8 * index + (half === "high" ? 4 : 0);

export const INSTRUCTION_BYTES = 8;

export function encodeInstructions(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  program.forEach(({ code, jt, jf, k }, index) => {
    const at = index * INSTRUCTION_BYTES;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, jt);
    view.setUint8(at + 3, jf);
    view.setUint32(at + 4, k >>> 0, true);
  });
  return bytes;
}
