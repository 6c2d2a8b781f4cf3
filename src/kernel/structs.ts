/**
 * Byte layouts of the kernel's structs, for x86_64. `test/kernel/struct-check.test.ts` compares
 * every offset and size with C. Field names are C paths, `#` begins padding; where a header spells
 * a field differently, C's spelling wins.
 */
import { ofEachArgument, struct } from "./struct.ts";

export * from "./structs/bpf.ts";
export * from "./structs/elf.ts";
export * from "./structs/socket.ts";

export const timespec = struct("struct timespec", { tv_sec: "i64", tv_nsec: "i64" });

export const timeval = struct("struct timeval", { tv_sec: "i64", tv_usec: "i64" });

export const itimerspec = struct("struct itimerspec", {
  "it_interval.tv_sec": "i64",
  "it_interval.tv_nsec": "i64",
  "it_value.tv_sec": "i64",
  "it_value.tv_nsec": "i64",
});

/** `sys/inotify.h`; a name of `len` bytes follows, padded with zeros. */
export const inotifyEvent = struct("struct inotify_event", {
  wd: "i32",
  mask: "u32",
  cookie: "u32",
  len: "u32",
});

/** `sys/epoll.h`: packed on x86_64. */
export const epollEvent = struct(
  "struct epoll_event",
  { events: "u32", "data.u64": "u64" },
  { packed: true },
);

/** `sys/resource.h` */
export const rlimit = struct("struct rlimit", { rlim_cur: "u64", rlim_max: "u64" });

/** `linux/sched/types.h`, the fields of its first version. */
export const schedAttr = struct(
  "struct sched_attr",
  {
    size: "u32",
    sched_policy: "u32",
    sched_flags: "u64",
    sched_nice: "i32",
    sched_priority: "u32",
    sched_runtime: "u64",
    sched_deadline: "u64",
    sched_period: "u64",
  },
  { prefix: true },
);

/** `linux/xattr.h`, since Linux 6.13. */
export const xattrArgs = struct("struct xattr_args", { value: "u64", size: "u32", flags: "u32" });

/** Of rt_sigaction(2) on x86_64; no header of user space has the kernel's. */
export const kernelSigaction = struct("struct kernel_sigaction", {
  sa_handler: "u64",
  sa_flags: "u64",
  sa_restorer: "u64",
  sa_mask: "u64",
});

/** `utime.h` */
export const utimbuf = struct("struct utimbuf", { actime: "i64", modtime: "i64" });

/** `fcntl.h`, with _GNU_SOURCE */
export const fOwnerEx = struct("struct f_owner_ex", { type: "i32", pid: "i32" });

/** `fcntl.h` */
export const flock = struct("struct flock", {
  l_type: "u16",
  l_whence: "u16",
  l_start: "i64",
  l_len: "i64",
  l_pid: "i32",
});

export const pollfd = struct("struct pollfd", { fd: "i32", events: "u16", revents: "u16" });

/** `linux/seccomp.h` */
export const seccompData = struct("struct seccomp_data", {
  nr: "i32",
  arch: "u32",
  instruction_pointer: "u64",
  ...ofEachArgument("args", "u64"),
});

export const seccompNotif = struct("struct seccomp_notif", {
  id: "u64",
  pid: "u32",
  flags: "u32",
  "data.nr": "i32",
  "data.arch": "u32",
  "data.instruction_pointer": "u64",
  ...ofEachArgument("data.args", "u64"),
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
export const sockFilter = struct("struct sock_filter", {
  code: "u16",
  jt: "u8",
  jf: "u8",
  k: "u32",
});
export const sockFprog = struct("struct sock_fprog", { len: "u16", filter: "u64" });

/**
 * `linux/landlock.h`; `scoped` since ABI 6, `handled_access_net` since ABI 4: pass the size that
 * the ABI knows.
 */
export const landlockRulesetAttr = struct("struct landlock_ruleset_attr", {
  handled_access_fs: "u64",
  handled_access_net: "u64",
  scoped: "u64",
});

/** `linux/openat2.h` */
export const openHow = struct("struct open_how", { flags: "u64", mode: "u64", resolve: "u64" });

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

/** `linux/pidfd.h`, as in 6.13; the kernel fills no more than it is given room for. */
export const pidfdInfo = struct(
  "struct pidfd_info",
  {
    mask: "u64",
    cgroupid: "u64",
    pid: "u32",
    tgid: "u32",
    ppid: "u32",
    ruid: "u32",
    rgid: "u32",
    euid: "u32",
    egid: "u32",
    suid: "u32",
    sgid: "u32",
    fsuid: "u32",
    fsgid: "u32",
    exit_code: "i32",
  },
  { prefix: true },
);

/** `linux/capability.h`; version 3 has two of the data, the low and the high half of each set. */
export const capUserHeader = struct("struct __user_cap_header_struct", {
  version: "u32",
  pid: "i32",
});
export const capUserData = struct("struct __user_cap_data_struct", {
  effective: "u32",
  permitted: "u32",
  inheritable: "u32",
});

/** `asm/termbits.h`: the kernel's, which is shorter than that of libc. */
export const termios = struct("struct termios", {
  c_iflag: "u32",
  c_oflag: "u32",
  c_cflag: "u32",
  c_lflag: "u32",
  c_line: "u8",
  c_cc: "bytes:19",
});

/** `asm/termios.h` */
export const winsize = struct("struct winsize", {
  ws_row: "u16",
  ws_col: "u16",
  ws_xpixel: "u16",
  ws_ypixel: "u16",
});
