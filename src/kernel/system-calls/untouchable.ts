import type { UntouchableCall } from "./call.ts";
import { listedOrNot, noUse, type Sealed } from "./columns.ts";
import { allow } from "./verdict.ts";

const reasons: Readonly<Record<string, readonly string[]>> = {
  "what may be read and written was decided when the descriptor was opened; these are the calls that a daemon's speed hangs on":
    ["read", "write", "readv", "writev", "pread64", "pwrite64"],
  "a signal before the notification would make it return EINTR with the descriptor open or closed, nobody knows":
    ["close", "close_range"],
  "no process may be kept from its end": ["exit", "exit_group"],
  "EINTR from a fork breaks programs that never expect it; what the child does is notified": [
    "fork",
    "vfork",
  ],
  "locks are taken and given through it, and a wait must end when it should": [
    "futex",
    "futex_wait",
    "futex_wake",
    "futex_waitv",
    "futex_requeue",
    "set_robust_list",
    "set_tid_address",
    "rseq",
  ],
  "the kernel or the C library enters it on the process's behalf; refusing it kills the process": [
    "rt_sigreturn",
    "restart_syscall",
    "uretprobe",
    "uprobe",
    "rt_sigprocmask",
    "rt_sigaction",
    "sigaltstack",
  ],
  "a process's own memory is nobody else's business, and allocation must not fail halfway": [
    "brk",
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "arch_prctl",
  ],
};

const launchers = listedOrNot(
  "the launcher ends with it, or says why it could not go on",
  () => allow,
);
const kernels = listedOrNot(
  "the kernel enters it on the process's behalf; refusing it kills the process",
  () => allow,
);

/** A sealed domain has these whether its policy lists them or not; the others must be listed. */
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

/** Calls that are never notified, at no level and whether the policy lists them or not. */
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
