/**
 * What one host can do for one caller, found by trying. The compiler reads nothing about the kernel
 * from anywhere else.
 */
export interface HostFacts {
  readonly kernel: { readonly release: string; readonly version: string; readonly machine: string };
  /**
   * `landlock_create_ruleset(LANDLOCK_CREATE_RULESET_VERSION)`; 0 where Landlock is missing or
   * switched off.
   */
  readonly landlockAbi: number;
  readonly features: Readonly<Record<FeatureName, Probe>>;
  readonly caller: {
    readonly uid: number;
    readonly gid: number;
    /** Effective capabilities as a 64-bit mask. */
    readonly capabilities: bigint;
  };
  /** Mount point of the cgroup v2 hierarchy, from mountinfo; null where there is none. */
  readonly cgroup2: string | null;
  /**
   * `/proc/sys/kernel/yama/ptrace_scope`: who may look into whom (Yama's admin guide); 0 where
   * there is no Yama. 1: ancestors only, without CAP_SYS_PTRACE.
   */
  readonly ptraceScope: number;
  /** `kernel.core_pattern`: what the kernel does at a crash; empty where it cannot be read. */
  readonly corePattern: string;
}

/** `unknown` is treated like `no` by everything that protects, and shown as what it is. */
export type Probe =
  | { readonly state: "yes" }
  /** `byKernel`: the kernel does not know it, and no change of the host would teach it. */
  | { readonly state: "no"; readonly why: string; readonly byKernel?: true }
  | { readonly state: "unknown"; readonly why: string };

export const featureNames = [
  /** A throw-away child restricts itself and is denied a file. */
  "landlock-files",
  /** ... and is denied a TCP port (ABI 4). */
  "landlock-tcp",
  /** ... and an ioctl on a device (ABI 5). */
  "landlock-ioctl",
  /** ... and a signal and an abstract socket outside (ABI 6). */
  "landlock-scope",
  /** restrict_self accepts LOG_NEW_EXEC_ON (ABI 7). */
  "landlock-log",
  /** Pathname unix sockets (ABI 9). */
  "landlock-unix",
  /** Landlock and seccomp without no_new_privs, by CAP_SYS_ADMIN. */
  "restrict-without-nnp",
  /** A filter with a listener installs, a notification arrives and is answered. */
  "seccomp-notify",
  /** ADDFD then SEND gives the target a descriptor. */
  "seccomp-addfd",
  /** SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (5.19). */
  "seccomp-wait-killable",
  /** SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (6.6). */
  "seccomp-sync-wakeup",
  /** /proc/PID/mem and pidfd_getfd of a process that is no descendant (Yama). */
  "target-access",
  /** MFD_NOEXEC_SEAL (6.3). */
  "memfd-noexec",
  /** openat2 with RESOLVE_NO_SYMLINKS. */
  "openat2",
  /** cgroup v2 directory can be made, and a cgroup/connect4 program attaches to it. */
  "cgroup-inet",
  /** cgroup/connect_unix and sendmsg_unix attach (6.7). */
  "cgroup-unix",
  /** unshare(CLONE_NEWIPC). */
  "private-ipc",
  /** The audit multicast group can be joined. */
  "audit-read",
  /** An lsm program loads and attaches. */
  "bpf-lsm",
] as const;

export type FeatureName = (typeof featureNames)[number];
