import { struct } from "../struct.ts";

/** `linux/bpf.h`: commands take a prefix of the union; missing fields count as zero. */
export const bpfAttrProgLoad = struct(
  "union bpf_attr",
  {
    prog_type: "u32",
    insn_cnt: "u32",
    insns: "u64",
    license: "u64",
    log_level: "u32",
    log_size: "u32",
    log_buf: "u64",
    kern_version: "u32",
    prog_flags: "u32",
    prog_name: "bytes:16",
    prog_ifindex: "u32",
    expected_attach_type: "u32",
    prog_btf_fd: "u32",
    func_info_rec_size: "u32",
    func_info: "u64",
    func_info_cnt: "u32",
    line_info_rec_size: "u32",
    line_info: "u64",
    line_info_cnt: "u32",
    attach_btf_id: "u32",
  },
  { prefix: true },
);
export const bpfAttrProgAttach = struct(
  "union bpf_attr",
  { target_fd: "u32", attach_bpf_fd: "u32", attach_type: "u32", attach_flags: "u32" },
  { prefix: true },
);
