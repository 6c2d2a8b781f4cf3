import * as is from "../../base/schema.ts";
import { denied, firstDenyElseAllow } from "../../model/decide/verdict-of-rules.ts";
import type { TokenRule } from "../../model/rule.ts";
import type { Decision } from "../../model/verdict.ts";
import type { WordKind } from "../../model/word-kind.ts";

/**
 * System calls that no domain has at level enforcing, each with the reason that a policy's author
 * is shown.
 *
 * A call is here if it undoes what confines the domain (names, mounts, filter, Landlock), or
 * affects the kernel or every process of the host. Two sorts of calls are only left out by default:
 * those that endanger only the caller itself (personality, modify_ldt, ptrace of its own children,
 * which Landlock keeps inside the domain), and those that need a capability from the policy
 * (clock_settime, sethostname).
 */
export interface NeverGranted {
  readonly name: string;
  readonly why: string;
}

/** The policy of a supervised domain may name them: at level warning they go on. */
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
  "handles name files without a path": ["name_to_handle_at"],
  "the mediator could not read arguments that lie in such memory": ["memfd_secret"],
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
  "it loads code into the kernel, unloads it, or lists what is loaded": [
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
  "it has the kernel itself write to a file of the caller's choice, or stops that": [
    "acct",
    "swapon",
    "swapoff",
  ],
  "it changes quotas of the whole file system": ["quotactl", "quotactl_fd"],
  "it is obsolete, and unused code is badly maintained": [
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

const whyByName: ReadonlyMap<string, string> = new Map(
  neverGranted.map(({ name, why }) => [name, why]),
);

/** null if a domain can have the call. */
export function whyNever(name: string): string | null {
  return whyByName.get(name) ?? null;
}

const request = is.object({ class: is.oneOf("syscall"), name: is.text });
export type SyscallRequest = is.Described<typeof request>;

/**
 * In x86_64 spelling; groups are expanded when a policy is resolved, without what no domain is
 * given. So of these calls a rule can only name one itself, which `check` lets pass for mounts in a
 * supervised domain.
 */
export const syscalls: WordKind<string, SyscallRequest> = {
  class: "syscall",
  words: null,
  request,
  decide: judge,
  suggest: ({ name }) => (whyNever(name) === null ? name : null),
  object: "a system call",
  ask: (name) => ({ class: "syscall", name }),
  spell: ({ name }) => name,
  representatives: (named) =>
    [...named].map((name) => ({ line: name, request: { class: "syscall", name } })),
};

function judge(rules: readonly TokenRule[], { name }: SyscallRequest): Decision {
  const decision = firstDenyElseAllow(rules, ({ token }) => token === name);
  return decision.outcome === "granted" && whyNever(name) !== null ? denied("never") : decision;
}
