/**
 * Byte layouts of the kernel's structs, for x86_64. `test/kernel/struct-check.test.ts` compares every offset and size with C.
 * Field names are C paths, `#` begins padding; where a header spells a field differently, C's spelling wins.
 */
import { struct } from "./struct.ts";

export const timespec = struct("struct timespec", { tv_sec: "i64", tv_nsec: "i64" });

export const pollfd = struct("struct pollfd", { fd: "i32", events: "u16", revents: "u16" });

/** `linux/seccomp.h` */
export const seccompData = struct("struct seccomp_data", {
  nr: "i32",
  arch: "u32",
  instruction_pointer: "u64",
  "args[0]": "u64",
  "args[1]": "u64",
  "args[2]": "u64",
  "args[3]": "u64",
  "args[4]": "u64",
  "args[5]": "u64",
});

export const seccompNotif = struct("struct seccomp_notif", {
  id: "u64",
  pid: "u32",
  flags: "u32",
  "data.nr": "i32",
  "data.arch": "u32",
  "data.instruction_pointer": "u64",
  "data.args[0]": "u64",
  "data.args[1]": "u64",
  "data.args[2]": "u64",
  "data.args[3]": "u64",
  "data.args[4]": "u64",
  "data.args[5]": "u64",
});

export const seccompNotifResp = struct("struct seccomp_notif_resp", {
  id: "u64",
  val: "i64",
  error: "i32",
  flags: "u32",
});

export const seccompNotifAddfd = struct("struct seccomp_notif_addfd", {
  id: "u64",
  flags: "u32",
  srcfd: "u32",
  newfd: "u32",
  newfd_flags: "u32",
});

/** `linux/filter.h` */
export const sockFilter = struct("struct sock_filter", { code: "u16", jt: "u8", jf: "u8", k: "u32" });
export const sockFprog = struct("struct sock_fprog", { len: "u16", filter: "u64" });

/** `linux/landlock.h`; `scoped` since ABI 6, `handled_access_net` since ABI 4: pass the size that the ABI knows. */
export const landlockRulesetAttr = struct("struct landlock_ruleset_attr", {
  handled_access_fs: "u64",
  handled_access_net: "u64",
  scoped: "u64",
});
export const landlockPathBeneathAttr = struct(
  "struct landlock_path_beneath_attr",
  { allowed_access: "u64", parent_fd: "i32" },
  { packed: true },
);
export const landlockNetPortAttr = struct("struct landlock_net_port_attr", { allowed_access: "u64", port: "u64" });

/** `linux/openat2.h` */
export const openHow = struct("struct open_how", { flags: "u64", mode: "u64", resolve: "u64" });

/** `linux/in.h`, `linux/in6.h`, `linux/un.h`, `linux/netlink.h` */
export const sockaddrIn = struct("struct sockaddr_in", {
  sin_family: "u16",
  sin_port: "u16be",
  sin_addr: "bytes:4",
  sin_zero: "bytes:8",
});
/** Two fields after `sin6_addr` in C are one here: the scope is last and aligned to 4 by the address before it. */
export const sockaddrIn6 = struct("struct sockaddr_in6", {
  sin6_family: "u16",
  sin6_port: "u16be",
  sin6_flowinfo: "u32",
  sin6_addr: "bytes:16",
  sin6_scope_id: "u32",
});
export const sockaddrUn = struct("struct sockaddr_un", { sun_family: "u16", sun_path: "bytes:108" });
export const sockaddrNl = struct("struct sockaddr_nl", {
  nl_family: "u16",
  nl_pad: "u16",
  nl_pid: "u32",
  nl_groups: "u32",
});

/** `sys/socket.h` */
export const iovec = struct("struct iovec", { iov_base: "u64", iov_len: "u64" });
export const msghdr = struct("struct msghdr", {
  msg_name: "u64",
  msg_namelen: "u32",
  msg_iov: "u64",
  msg_iovlen: "u64",
  msg_control: "u64",
  msg_controllen: "u64",
  msg_flags: "i32",
});
export const mmsghdr = struct("struct mmsghdr", {
  "msg_hdr.msg_name": "u64",
  "msg_hdr.msg_namelen": "u32",
  "msg_hdr.msg_iov": "u64",
  "msg_hdr.msg_iovlen": "u64",
  "msg_hdr.msg_control": "u64",
  "msg_hdr.msg_controllen": "u64",
  "msg_hdr.msg_flags": "i32",
  "#padding": "u32",
  msg_len: "u32",
});
export const cmsghdr = struct("struct cmsghdr", { cmsg_len: "u64", cmsg_level: "i32", cmsg_type: "i32" });
export const ucred = struct("struct ucred", { pid: "i32", uid: "u32", gid: "u32" });

/** `linux/netlink.h`, `linux/audit.h` */
export const nlmsghdr = struct("struct nlmsghdr", {
  nlmsg_len: "u32",
  nlmsg_type: "u16",
  nlmsg_flags: "u16",
  nlmsg_seq: "u32",
  nlmsg_pid: "u32",
});
export const auditStatus = struct("struct audit_status", {
  mask: "u32",
  enabled: "u32",
  failure: "u32",
  pid: "u32",
  rate_limit: "u32",
  backlog_limit: "u32",
  lost: "u32",
  backlog: "u32",
  feature_bitmap: "u32",
  backlog_wait_time: "u32",
  backlog_wait_time_actual: "u32",
});

/** `linux/capability.h` */
export const capHeader = struct("struct __user_cap_header_struct", { version: "u32", pid: "i32" });
/** Two of these for version 3: the low and the high 32 capabilities. */
export const capData = struct("struct __user_cap_data_struct", {
  effective: "u32",
  permitted: "u32",
  inheritable: "u32",
});

/** `linux/stat.h`, up to the fields used; the kernel writes 256 bytes. */
export const statx = struct("struct statx", {
  stx_mask: "u32",
  stx_blksize: "u32",
  stx_attributes: "u64",
  stx_nlink: "u32",
  stx_uid: "u32",
  stx_gid: "u32",
  stx_mode: "u16",
  "__spare0[0]": "u16",
  stx_ino: "u64",
  stx_size: "u64",
  stx_blocks: "u64",
  stx_attributes_mask: "u64",
  "stx_atime.tv_sec": "i64",
  "stx_atime.tv_nsec": "u32",
  "stx_atime.__reserved": "i32",
  "stx_btime.tv_sec": "i64",
  "stx_btime.tv_nsec": "u32",
  "stx_btime.__reserved": "i32",
  "stx_ctime.tv_sec": "i64",
  "stx_ctime.tv_nsec": "u32",
  "stx_ctime.__reserved": "i32",
  "stx_mtime.tv_sec": "i64",
  "stx_mtime.tv_nsec": "u32",
  "stx_mtime.__reserved": "i32",
  stx_rdev_major: "u32",
  stx_rdev_minor: "u32",
  stx_dev_major: "u32",
  stx_dev_minor: "u32",
  stx_mnt_id: "u64",
  stx_dio_mem_align: "u32",
  "#rest": "bytes:100",
});

/** `linux/bpf.h`: commands take a prefix of the union; the kernel takes what is missing for zero. */
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
export const bpfAttrLinkCreate = struct(
  "union bpf_attr",
  {
    "link_create.prog_fd": "u32",
    "link_create.target_fd": "u32",
    "link_create.attach_type": "u32",
    "link_create.flags": "u32",
  },
  { prefix: true },
);
