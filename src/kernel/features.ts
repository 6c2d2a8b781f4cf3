/**
 * The kernel features that Cofferdam uses. From each entry come the answers of `doctor`, the
 * messages about what a host lacks, docs/fallbacks.md, and the test that a new enough kernel has
 * the feature.
 */
interface KernelFeature {
  /** The first mainline release with all parts of the feature that Cofferdam uses. */
  readonly since: string;
  readonly landlockAbi?: number;
  /** What it takes besides that release. */
  readonly takes?: string;
  /**
   * The callers for whom a probe on such a kernel must succeed. `nobody`: the host may have the
   * feature disabled, or its container may hide it.
   */
  readonly certainFor: "everybody" | "root" | "nobody";
}

const table = {
  /**
   * A throw-away child restricts itself and is denied a file; files may move between directories.
   */
  "landlock-files": {
    since: "5.19",
    landlockAbi: 2,
    takes: "switched on",
    certainFor: "everybody",
  },
  /** ... and is denied a TCP port. */
  "landlock-tcp": { since: "6.7", landlockAbi: 4, certainFor: "everybody" },
  /** ... and an ioctl on a device. */
  "landlock-ioctl": { since: "6.10", landlockAbi: 5, certainFor: "everybody" },
  /** ... and a signal and an abstract socket outside. */
  "landlock-scope": { since: "6.12", landlockAbi: 6, certainFor: "everybody" },
  /** restrict_self accepts LOG_NEW_EXEC_ON. */
  "landlock-log": { since: "6.15", landlockAbi: 7, certainFor: "everybody" },
  /** Pathname unix sockets. */
  "landlock-unix": { since: "7.1", landlockAbi: 9, certainFor: "everybody" },
  /** Landlock and seccomp without no_new_privs, by CAP_SYS_ADMIN. */
  "restrict-without-nnp": { since: "5.13", takes: "CAP_SYS_ADMIN", certainFor: "root" },
  /** A filter with a listener installs, a notification arrives and is answered; CONTINUE. */
  "seccomp-notify": {
    since: "5.5",
    takes: "no listener on the caller already",
    certainFor: "everybody",
  },
  /** ADDFD then SEND gives the target a descriptor. */
  "seccomp-addfd": { since: "5.9", certainFor: "everybody" },
  /** SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV. */
  "seccomp-wait-killable": { since: "5.19", certainFor: "everybody" },
  /** SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP. */
  "seccomp-sync-wakeup": { since: "6.6", certainFor: "everybody" },
  /** /proc/PID/mem and pidfd_getfd of a process that is no descendant. */
  "target-access": { since: "5.6", takes: "root, or no Yama restriction", certainFor: "nobody" },
  /** MFD_NOEXEC_SEAL. */
  "memfd-noexec": { since: "6.3", certainFor: "everybody" },
  /** PR_SET_MDWE. */
  mdwe: { since: "6.3", certainFor: "everybody" },
  /** openat2 with RESOLVE_NO_SYMLINKS. */
  openat2: { since: "5.6", certainFor: "everybody" },
  /** A cgroup v2 directory can be made, and a cgroup/connect4 program attaches to it. */
  "cgroup-inet": { since: "5.2", takes: "root, cgroup v2", certainFor: "nobody" },
  /** cgroup/connect_unix and sendmsg_unix attach. */
  "cgroup-unix": { since: "6.7", takes: "root, cgroup v2", certainFor: "nobody" },
  /** unshare(CLONE_NEWIPC). */
  "private-ipc": { since: "2.6.19", takes: "CAP_SYS_ADMIN", certainFor: "root" },
  /** The audit multicast group can be joined. */
  "audit-read": {
    since: "3.16",
    takes: "CAP_AUDIT_READ in the first user namespace",
    certainFor: "nobody",
  },
  /**
   * bpf is among the active security modules, an lsm program loads, and the kernel tells programs
   * the names of objects (bpf_path_d_path).
   */
  "bpf-lsm": { since: "6.12", takes: "switched on", certainFor: "nobody" },
} as const satisfies Readonly<Record<string, KernelFeature>>;

export type FeatureName = keyof typeof table;

export const kernelFeatures: Readonly<Record<FeatureName, KernelFeature>> = table;

/** In the order of `doctor` and the documentation. */
export const featureNames = Object.keys(kernelFeatures) as readonly FeatureName[];

/** E.g. `5.19 (ABI 2), switched on`. */
export function releaseWords(feature: FeatureName): string {
  const { since, takes } = kernelFeatures[feature];
  const abi = landlockAbiOf(feature);
  const release = abi === null ? since : `${since} (ABI ${abi})`;
  return takes === undefined ? release : `${release}, ${takes}`;
}

/** null for a feature that is not Landlock's. */
export function landlockAbiOf(feature: FeatureName): number | null {
  return kernelFeatures[feature].landlockAbi ?? null;
}
