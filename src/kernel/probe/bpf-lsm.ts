import { BPF_LINK_CREATE, BPF_LSM_MAC, BPF_PROG_TYPE_LSM } from "../constants.ts";
import { close, loadLibrary } from "../ffi.ts";
import type { Probe } from "../host-facts.ts";
import { bpfAttrLinkCreate } from "../structs.ts";
import { no, refused, unknown, yes } from "./answer.ts";
import { bpf, loadTinyProgram } from "./bpf-program.ts";

/**
 * A rarely called hook: for an instant the program is attached to the whole host, and allows
 * everything.
 */
const HOOK = "quotactl";

export function probeBpfLsm(): Probe {
  const id = hookId();
  if (typeof id !== "number") return id;
  const program = loadTinyProgram({
    type: BPF_PROG_TYPE_LSM,
    attachType: BPF_LSM_MAC,
    returns: 0,
    attachBtfId: id,
  });
  if (program < 0) return refused("loading an lsm program", program);
  try {
    const link = bpf(
      BPF_LINK_CREATE,
      bpfAttrLinkCreate.encode({
        "link_create.prog_fd": program,
        "link_create.attach_type": BPF_LSM_MAC,
      }),
    );
    if (link < 0) return refused("attaching an lsm program", link);
    close(link);
    return yes;
  } finally {
    close(program);
  }
}

/**
 * libbpf reads the kernel's type information, in which lsm hooks are functions called `bpf_lsm_*`.
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
  return id > 0
    ? id
    : no("the kernel has no lsm hooks for BPF, or no type information in /sys/kernel/btf/vmlinux");
}
