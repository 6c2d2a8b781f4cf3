import * as is from "../../base/schema.ts";
import { firstDenyElseAllow } from "../../model/decide/verdict-of-rules.ts";
import type { WordKind } from "../../model/word-kind.ts";

/**
 * System calls that no domain is given at level enforcing, each with the reason that a
 * policy's author is shown.
 *
 * The rule: a call is here if it undoes what holds the domain (names, mounts, filter, Landlock), or
 * reaches past it into the kernel or into every process of the host. What is only dangerous to the
 * caller itself (personality, modify_ldt, ptrace of its own children, which Landlock keeps inside
 * the domain) or is held by a capability that the policy grants (clock_settime, sethostname) is
 * merely left out by default.
 */
export interface NeverGranted {
  readonly name: string;
  readonly why: string;
}

/** A policy of a supervised domain may name them all the same: at level warning they go on. */
export const mountCalls: readonly string[] = [
  "mount",
  "umount2",
  "pivot_root",
  "open_tree",
  "open_tree_attr",
  "move_mount",
  "fsopen",
  "fsconfig",
  "fsmount",
  "fspick",
  "mount_setattr",
];

const reasons: Readonly<Record<string, readonly string[]>> = {
  "a changed mount tree gives paths another meaning, and Landlock refuses it anyway": mountCalls,
  "it enters namespaces of other processes, where paths and addresses mean something else": [
    "setns",
  ],
  "it opens files by handle, past every path": ["open_by_handle_at"],
  "its operations run in the kernel without passing the system call filter": [
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
  ],
  "it stops the kernel, or a reader of the domain's memory, at a page fault": ["userfaultfd"],
  "it loads programs into the kernel and can detach those that confine the domain": ["bpf"],
  "it watches every process and every processor of the host": ["perf_event_open"],
  "it sees, and can hold up, the opening of every file of a file system": [
    "fanotify_init",
    "fanotify_mark",
  ],
  "it loads code into the kernel": [
    "init_module",
    "finit_module",
    "delete_module",
    "create_module",
    "query_module",
    "get_kernel_syms",
  ],
  "it replaces the running kernel or stops the host": ["kexec_load", "kexec_file_load", "reboot"],
  "kernel keyrings are shared with processes outside the domain and know nothing of its grants": [
    "add_key",
    "request_key",
    "keyctl",
  ],
  "it gives access to I/O ports, and through them to all memory": ["iopl", "ioperm"],
  "it makes the kernel itself write to a file of the caller's choice": [
    "acct",
    "swapon",
    "swapoff",
  ],
  "it changes quotas of the whole file system": ["quotactl", "quotactl_fd"],
  "it is a relic without a user, and old code is badly kept code": [
    "_sysctl",
    "afs_syscall",
    "lookup_dcookie",
    "nfsservctl",
    "security",
    "tuxcall",
    "uselib",
    "vserver",
  ],
};

export const neverGranted: readonly NeverGranted[] = Object.entries(reasons).flatMap(
  ([why, names]) => names.map((name) => ({ name, why })),
);

/** Why a sealed domain cannot have this call; null if it can. */
export function whyNever(name: string): string | null {
  return neverGranted.find((entry) => entry.name === name)?.why ?? null;
}

const request = is.object({ class: is.oneOf("syscall"), name: is.text });
export type SyscallRequest = is.Described<typeof request>;

/** By name, in x86_64 spelling; groups are expanded when a policy is resolved. */
export const syscalls: WordKind<string, SyscallRequest> = {
  class: "syscall",
  words: null,
  request,
  decide: (rules, { name }) => firstDenyElseAllow(rules, ({ token }) => token === name),
  suggest: ({ name }) => (whyNever(name) === null ? name : null),
  object: "a system call",
  ask: (name) => ({ class: "syscall", name }),
  spell: ({ name }) => name,
};
