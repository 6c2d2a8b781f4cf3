import { lsmObjectHere, NAMES } from "../bpf/lsm/object-of-kernel.ts";
import { BPF_LSM_MAC, BPF_PROG_TYPE_LSM, ENOMEM, LSM_ID_BPF } from "../constants.ts";
import { close, loadLibrary, syscallRaw } from "../ffi.ts";
import type { Probe } from "../host-facts.ts";
import { number } from "../syscalls.ts";
import { no, refused, unknown, yes } from "./answer.ts";
import { loadTinyProgram } from "./bpf-program.ts";

/** Every kernel has this hook. The program is loaded, not attached: the host never runs it. */
const HOOK = "quotactl";

export function probeBpfLsm(): Probe {
  if (!mayBeActive())
    return no("bpf is not among the security modules; add it to lsm= on the kernel's command line");
  const id = hookId();
  if (typeof id !== "number") return id;
  const program = loadTinyProgram({
    type: BPF_PROG_TYPE_LSM,
    attachType: BPF_LSM_MAC,
    returns: 0,
    attachBtfId: id,
  });
  if (program === -ENOMEM) return unknown("there is no memory for an lsm program");
  if (program < 0) return refused("loading an lsm program", program);
  close(program);
  return yes;
}

/** Modules that the kernel can have at once; it has fewer than twenty. */
const MODULES_MAX = 64;
const MODULE_ID_BYTES = 8;
const SIZE_BYTES = 4;

/**
 * Whether the kernel runs programs of lsm hooks, as lsm_list_modules(2) tells since 6.8. Older
 * kernels do not tell, and count as one that does.
 */
function mayBeActive(): boolean {
  const ids = Buffer.from(new ArrayBuffer(MODULES_MAX * MODULE_ID_BYTES));
  const size = Buffer.from(new ArrayBuffer(SIZE_BYTES));
  size.writeUInt32LE(ids.length);
  const count = syscallRaw(number("lsm_list_modules") ?? -1, ids, size, 0);
  if (count < 0) return true;
  return Array.from({ length: count }, (_, at) => ids.readBigUInt64LE(at * MODULE_ID_BYTES)).some(
    (id) => id === BigInt(LSM_ID_BPF),
  );
}

/**
 * libbpf reads the kernel's type information, in which lsm hooks are functions called `bpf_lsm_*`,
 * and functions for programs have their own names.
 */
function hookId(): number | Probe {
  let find: (name: string, attachType: number) => number;
  try {
    const libbpf = loadLibrary("libbpf.so.1");
    libbpf.func("void *libbpf_set_print(void *callback)")(null);
    find = libbpf.func("int libbpf_find_vmlinux_btf_id(const char *name, int attachType)");
  } catch (error) {
    return unknown(
      `libbpf.so.1 cannot be loaded: ${error instanceof Error ? error.message : error}`,
    );
  }
  const id = find(HOOK, BPF_LSM_MAC);
  if (id <= 0)
    return no(
      "the kernel has no lsm hooks for BPF, or no type information in /sys/kernel/btf/vmlinux",
    );
  if (lsmObjectHere(find) !== null) return id;
  return { state: "no", why: `the kernel gives programs no names (${NAMES})`, byKernel: true };
}
