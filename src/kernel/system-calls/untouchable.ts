import type { UntouchableCall } from "./call.ts";
import { listedOrNot, noUse, type Sealed } from "./columns.ts";
import { allow } from "./verdict.ts";

const reasons: Readonly<Record<string, readonly string[]>> = {
  "access was decided when the descriptor was opened, and a daemon's speed depends on these": [
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "pwrite64",
  ],
  "if a signal interrupted the notification, it is unknown whether the descriptor is closed": [
    "close",
    "close_range",
  ],
  "a process must always be able to exit": ["exit", "exit_group"],
  "programs do not expect EINTR from a fork; the child's calls are notified": ["fork", "vfork"],
  "locks depend on these calls, and waits must not be delayed": [
    "futex",
    "futex_wait",
    "futex_wake",
    "futex_waitv",
    "futex_requeue",
    "set_robust_list",
    "set_tid_address",
    "rseq",
  ],
  "the kernel or the C library makes the call for the process; refusing it kills the process": [
    "rt_sigreturn",
    "restart_syscall",
    "uretprobe",
    "uprobe",
    "rt_sigprocmask",
    "rt_sigaction",
    "sigaltstack",
  ],
  "the process's own memory; allocation must not fail halfway": [
    "brk",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "arch_prctl",
  ],
};

const launchers = listedOrNot("the launcher needs it to exit, or to report a failure", () => allow);
const kernels = listedOrNot(
  "the kernel makes the call for the process; refusing it kills the process",
  () => allow,
);

/**
 * Calls that a sealed domain has whether its policy lists them or not. The others must be listed.
 */
const always: Readonly<Record<string, Sealed>> = {
  close: launchers,
  write: launchers,
  exit: launchers,
  exit_group: launchers,
  rt_sigreturn: kernels,
  restart_syscall: kernels,
  uretprobe: kernels,
  uprobe: kernels,
};

/** At any level, whether the policy lists them or not. */
export const untouchableCalls: readonly UntouchableCall[] = Object.entries(reasons).flatMap(
  ([why, names]) =>
    names.map(
      (name): UntouchableCall => ({
        class: "untouchable",
        name,
        why,
        voids: [],
        sealed: always[name] ?? null,
        supervised: noUse,
      }),
    ),
);
