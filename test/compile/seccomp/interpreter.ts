import { Op } from "../../../src/compile/seccomp/bpf.ts";

/** `struct seccomp_data`: what the kernel shows a filter. */
export interface SeccompData {
  readonly nr: number;
  readonly arch: number;
  readonly args: readonly bigint[];
}

/**
 * Runs a filter as the kernel does (sk_chk_filter's rules included: jumps forward, inside the
 * program, ending in a return).
 */
export function run(filter: Uint8Array, data: SeccompData): number {
  const program = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  const memory = seccompData(data);
  let accumulator = 0;
  for (let pc = 0; pc * 8 < filter.byteLength; pc++) {
    const at = pc * 8;
    const [code, jt, jf, k] = [
      program.getUint16(at, true),
      program.getUint8(at + 2),
      program.getUint8(at + 3),
      program.getUint32(at + 4, true),
    ];
    switch (code) {
      case Op.load:
        accumulator = memory.getUint32(k, true);
        break;
      case Op.and:
        accumulator = (accumulator & k) >>> 0;
        break;
      case Op.jump:
        pc += k;
        break;
      case Op.equal:
        pc += accumulator === k ? jt : jf;
        break;
      case Op.atLeast:
        pc += accumulator >= k ? jt : jf;
        break;
      case Op.anyBit:
        pc += (accumulator & k) !== 0 ? jt : jf;
        break;
      case Op.answer:
        return k;
      default:
        throw new Error(
          `instruction ${pc}: opcode 0x${code.toString(16)} is not used by the compiler`,
        );
    }
  }
  throw new Error("the filter runs past its end");
}

function seccompData({ nr, arch, args }: SeccompData): DataView {
  const memory = new DataView(new ArrayBuffer(64));
  memory.setInt32(0, nr, true);
  memory.setUint32(4, arch, true);
  for (const [index, value] of args.entries())
    memory.setBigUint64(16 + 8 * index, BigInt.asUintN(64, value), true);
  return memory;
}
