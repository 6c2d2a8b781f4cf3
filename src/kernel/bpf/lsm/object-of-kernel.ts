import { release } from "node:os";
import { BPF_TRACE_FENTRY } from "../../constants.ts";

/** By which programs ask for the names of objects, since Linux 6.12. */
export const NAMES = "bpf_path_d_path";
/** The long-term release of Debian 12. Those between lack names too, and were not tried. */
const EARLIER = /^6\.1\./;

/**
 * The object file of the engine that this kernel takes, in `bpf/`; null if there is none.
 * `findType`: libbpf_find_vmlinux_btf_id.
 */
export function lsmObjectHere(
  findType: (name: string, attachType: number) => number,
): string | null {
  // Any type of attachment whose names have no prefix.
  if (findType(NAMES, BPF_TRACE_FENTRY) > 0) return "cofferdam_lsm.bpf.o";
  return EARLIER.test(release()) ? "cofferdam_lsm_6_1.bpf.o" : null;
}
