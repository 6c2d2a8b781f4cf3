import {
  BPF_ALU64,
  BPF_EXIT,
  BPF_JMP,
  BPF_K,
  BPF_MOV,
  BPF_PROG_LOAD,
  EAGAIN,
} from "../constants.ts";
import { addressOf, cString, syscallRaw } from "../ffi.ts";
import { bpfAttrProgLoad } from "../structs.ts";
import { number } from "../syscalls.ts";

/**
 * Attempts to load a program. The verifier gives up with EAGAIN when a signal is pending
 * (kernel/bpf/verifier.c), such as SIGCHLD; libbpf tries as often.
 */
const LOAD_ATTEMPTS_MAX = 5;

export function bpf(command: number, attributes: Uint8Array): number {
  return syscallRaw(number("bpf") ?? -1, command, attributes, attributes.length);
}

export interface TinyProgram {
  readonly type: number;
  readonly attachType: number;
  /** The program does nothing but return this. */
  readonly returns: number;
  /** For lsm programs: the BTF id of the kernel function. */
  readonly attachBtfId?: number;
}

/** Two instructions. Returns the program's descriptor or a negative error number. */
export function loadTinyProgram(program: TinyProgram): number {
  const instructions = Buffer.from(new ArrayBuffer(16));
  instructions.writeUInt8(BPF_ALU64 | BPF_MOV | BPF_K, 0);
  instructions.writeInt32LE(program.returns, 4);
  instructions.writeUInt8(BPF_JMP | BPF_EXIT, 8);
  // The kernel requires a GPL-compatible licence for lsm programs.
  const licence = Buffer.from(new ArrayBuffer(4));
  licence.set(cString("GPL"));
  const attributes = bpfAttrProgLoad.encode({
    prog_type: program.type,
    insn_cnt: 2,
    insns: addressOf(instructions),
    license: addressOf(licence),
    expected_attach_type: program.attachType,
    attach_btf_id: program.attachBtfId ?? 0,
  });
  let loaded = bpf(BPF_PROG_LOAD, attributes);
  for (let attempt = 1; loaded === -EAGAIN && attempt < LOAD_ATTEMPTS_MAX; attempt++)
    loaded = bpf(BPF_PROG_LOAD, attributes);
  return loaded;
}
