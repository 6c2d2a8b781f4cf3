/**
 * One test program of the kernel's own (tools/testing/selftests) and what becomes of it in a sealed
 * domain.
 */
export interface Suite {
  readonly name: string;
  /** Below selftests/. */
  readonly sources: readonly string[];
  readonly inside: Inside;
  /** A program that the suite executes by this name in its folder, and its source. */
  readonly helper?: readonly [name: string, source: string];
  /**
   * Tests that are not run, by the name after the last dot. Those of whiteouts fail outside every
   * domain on a kernel that has the hole and then, as GCC 14 compiles them, leave a mount behind on
   * which all that follow fail.
   */
  readonly leftOut?: readonly string[];
  /**
   * Tests that fail on this project's kernels outside every domain, each with the reason: they can
   * tell nothing.
   */
  readonly failsBare?: Readonly<Record<string, string>>;
}

/**
 * `same`: every test that passes outside passes inside. `refused`: those that match pass outside
 * and must not pass inside, all others must. `stops`: the program prints this and gives up.
 */
export type Inside =
  | { readonly as: "same" }
  | { readonly as: "refused"; readonly tests: RegExp; readonly because: string }
  | { readonly as: "stops"; readonly says: RegExp; readonly because: string };

const same: Inside = { as: "same" };
const stops = (says: RegExp, because: string): Inside => ({ as: "stops", says, because });
const refused = (tests: RegExp, because: string): Inside => ({ as: "refused", tests, because });

const clone3 = "clone3 answers ENOSYS, for its flags lie in memory";
const namespaces = "no new namespace for a process that holds capabilities in it";

const holes = "a hole of this kernel that Debian's has closed";
const socketHoles = Object.fromEntries(
  ["ipv4_tcp1", "ipv4_tcp2", "ipv6_tcp1", "ipv6_tcp2"].map((name) => [
    `protocol.tcp_sandbox_with_${name}.tcp_fastopen`,
    holes,
  ]),
);
const whiteouts = [
  "rename_whiteout_denied",
  "rename_whiteout_reparenting",
  "rename_whiteout_exchange",
  "make_whiteout",
];

export const suites: readonly Suite[] = [
  {
    name: "landlock-base",
    sources: ["landlock/base_test.c"],
    inside: refused(
      /restrict_self_checks_ordering|ruleset_fd_transfer|cred_transfer/,
      "they open `/` and `/tmp`, which no rule grants, and join a keyring of the session",
    ),
    failsBare: { "global.abi_version": "written for one version of Landlock" },
  },
  {
    name: "landlock-fs",
    sources: ["landlock/fs_test.c"],
    helper: ["true", "landlock/true.c"],
    inside: refused(
      /^(?!ioctl\.\w+\.handle_)/,
      "mounting is refused, and the broker does nothing for a process with a confinement " +
        "of its own",
    ),
    leftOut: whiteouts,
  },
  {
    name: "landlock-net",
    sources: ["landlock/net_test.c"],
    inside: refused(/./, namespaces),
    failsBare: socketHoles,
  },
  { name: "landlock-ptrace", sources: ["landlock/ptrace_test.c"], inside: same },
  { name: "landlock-scoped", sources: ["landlock/scoped_test.c"], inside: same },
  {
    name: "landlock-scoped-signal",
    sources: ["landlock/scoped_signal_test.c"],
    inside: refused(/^fown\..*socket/, "abstract sockets are not granted"),
  },
  {
    name: "landlock-scoped-abstract-unix",
    sources: ["landlock/scoped_abstract_unix_test.c"],
    inside: refused(/./, "abstract sockets are not granted"),
  },
  {
    name: "seccomp",
    sources: ["seccomp/seccomp_bpf.c"],
    inside: refused(
      /user_(ioctl_)?notification_|detect_seccomp_filter_flags|seccomp_syscall$|mode_strict|get_metadata|mode_filter_get_seccomp|TRACE_syscall\.ptrace\.syscall_(errno|faked)|TSYNC\.two_sibling_want_nnp/,
      "a listener of one's own is refused, and a process under a filter is in that mode already",
    ),
    failsBare: { "global.user_notification_addfd_send_interrupted": "a fault of this kernel" },
  },
  {
    name: "openat2",
    sources: ["openat2/openat2_test.c", "openat2/helpers.c"],
    inside: refused(
      /\(O_PATH.* succeeds$|and O_CREAT succeeds$/,
      "the kernel hands over no descriptor opened with O_PATH, and /tmp is not granted",
    ),
  },
  {
    name: "openat2-rename-attack",
    sources: ["openat2/rename_attack_test.c", "openat2/helpers.c"],
    inside: stops(/Bail out!/, "its folder lies in /tmp, which is not granted"),
  },
  { name: "pidfd-open", sources: ["pidfd/pidfd_open_test.c"], inside: same },
  { name: "pidfd-poll", sources: ["pidfd/pidfd_poll_test.c"], inside: same },
  { name: "pidfd-getfd", sources: ["pidfd/pidfd_getfd_test.c"], inside: same },
  { name: "pidfd-wait", sources: ["pidfd/pidfd_wait.c"], inside: refused(/./, clone3) },
  { name: "pidfd-setns", sources: ["pidfd/pidfd_setns_test.c"], inside: refused(/./, namespaces) },
  {
    name: "pidfd-fdinfo",
    sources: ["pidfd/pidfd_fdinfo_test.c"],
    inside: stops(/clone failed/, namespaces),
  },
  {
    name: "clone3",
    sources: ["clone3/clone3.c"],
    inside: stops(/clone3\(\) syscall is not supported/, clone3),
  },
  {
    name: "clone3-set-tid",
    sources: ["clone3/clone3_set_tid.c"],
    inside: stops(/clone3\(\) syscall is not supported/, clone3),
  },
  {
    name: "memfd",
    sources: ["memfd/memfd_test.c", "memfd/common.c"],
    inside: stops(
      /ended by SIGABRT/,
      "every memory file is sealed against execution, which the suite does not expect",
    ),
  },
  {
    name: "mount-setattr",
    sources: ["mount_setattr/mount_setattr_test.c"],
    inside: refused(/./, namespaces),
    failsBare: {
      "mount_setattr_idmapped.invalid_fd_initial_userns": "this kernel answers EINVAL for EPERM",
    },
  },
  {
    name: "statmount",
    sources: ["filesystems/statmount/statmount_test.c"],
    inside: stops(/unsharing mountns and userns/, namespaces),
  },
  { name: "timens", sources: ["timens/timens.c"], inside: stops(/SKIP/, namespaces) },
  {
    name: "close-range",
    sources: ["core/close_range_test.c"],
    inside: refused(/close_range_unshare|_syzbot|bitmap_corruption/, clone3),
  },
  {
    name: "cachestat",
    sources: ["cachestat/test_cachestat.c"],
    inside: refused(/shmem/, "no file may be made in /dev/shm"),
  },
  { name: "eventfd", sources: ["filesystems/eventfd/eventfd_test.c"], inside: same },
  { name: "membarrier", sources: ["membarrier/membarrier_test_single_thread.c"], inside: same },
  { name: "ptrace-get-syscall-info", sources: ["ptrace/get_syscall_info.c"], inside: same },
  { name: "ptrace-peeksiginfo", sources: ["ptrace/peeksiginfo.c"], inside: same },
  { name: "sigaltstack", sources: ["sigaltstack/sas.c"], inside: same },
  { name: "prctl-name", sources: ["prctl/set-process-name.c"], inside: same },
  { name: "exec-null-argv", sources: ["exec/null-argv.c"], inside: same },
];

/** Suites that were looked at and tell nothing here. */
export const left: Readonly<Record<string, string>> = {
  "openat2/resolve_test.c": "wants /tmp to be a mount of its own, and a clone may lie there",
  fchmodat2: "its folder lies in /tmp, which is not granted; test/attacks has fchmodat2",
  "pidfd/pidfd_test.c": "twenty seconds of waiting for what pidfd_poll_test asks too",
  "filesystems/epoll": "a minute of wake-ups, none of them a question of a domain",
  "exec/execveat.c": "wants scripts that its Makefile makes",
  "core/unshare_test.c": "fails outside too: it raises a limit that this host has fixed",
  "mqueue, capabilities": "need libraries that nothing else needs",
  "bpf, lsm, net, mm, x86": "ask for clang, modules, or the hardware",
};
