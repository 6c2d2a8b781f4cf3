import {
  CLONE_FILES,
  CLONE_FS,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  CLONE_PARENT,
  CLONE_THREAD,
  PR_SET_CHILD_SUBREAPER,
  RLIMIT_CORE,
} from "../constants.ts";
import type { PathArgument } from "./argument.ts";
import type { StateCall } from "./call.ts";
import { CORE_LIMIT } from "./processes.ts";
import { allow, ifBits, ifOneOf, notify } from "./verdict.ts";

/** CLONE_NEWTIME is left out: in clone() its bit belongs to the exit signal. */
const NEW_NAMESPACES =
  CLONE_NEWNS |
  CLONE_NEWCGROUP |
  CLONE_NEWUTS |
  CLONE_NEWIPC |
  CLONE_NEWUSER |
  CLONE_NEWPID |
  CLONE_NEWNET;

/**
 * `linux/prctl.h`: PR_SET_MM moves what /proc shows of the process, its executable among it;
 * PR_SCHED_CORE reaches other processes.
 */
const PR_SET_MM = 35;
const PR_SCHED_CORE = 62;
/** `linux/personality.h`: PER_LINUX, and the question what it is. */
const harmlessPersonalities = [0, 0xffffffff];

const path: PathArgument = { role: "object", directory: null, path: 0, follow: { kind: "always" } };

function row(
  name: string,
  voids: StateCall["voids"],
  enforcing: string,
  rest: Partial<StateCall> = {},
): StateCall {
  return { class: "state", name, when: notify, voids, enforcing, ...rest };
}

const GOES_ON = "goes on; what was remembered is forgotten first";
const NAMESPACES = "new namespaces are refused";

/**
 * Calls after which a path, a number or an id means something else, or nothing may be remembered of
 * the caller.
 */
export const stateCalls: readonly StateCall[] = [
  row("chdir", ["directories"], GOES_ON, { path }),
  row("fchdir", ["directories"], GOES_ON, { descriptor: 0 }),
  row("chroot", ["directories"], "goes on if the policy grants `sys_chroot`", {
    path,
    capability: "sys_chroot",
  }),
  row("umask", ["umask"], GOES_ON),
  row("capset", ["credentials"], GOES_ON),
  row(
    "unshare",
    ["directories", "umask", "namespaces", "descriptors"],
    `${NAMESPACES}; an own working directory or table of descriptors goes on`,
  ),
  row(
    "setns",
    ["directories", "namespaces"],
    "refused: names and numbers of other namespaces mean something else",
  ),
  row(
    "clone",
    ["directories", "umask", "namespaces", "descriptors"],
    `${NAMESPACES}, and a child of the own parent (CLONE_PARENT), who is outside the domain, and another process that shares descriptors; one that shares directories goes on`,
    {
      when: ifBits(
        0,
        NEW_NAMESPACES | CLONE_PARENT,
        notify,
        ifBits(0, CLONE_THREAD, allow, ifBits(0, CLONE_FILES | CLONE_FS, notify, allow)),
      ),
    },
  ),
  row(
    "clone3",
    ["directories", "umask", "namespaces", "descriptors"],
    "ENOSYS, so that libc falls back to clone: its flags lie in memory, where they can change",
  ),
  row(
    "personality",
    [],
    "anything but the ordinary personality is refused: it weakens the process's own defences",
    {
      when: ifOneOf(0, harmlessPersonalities, allow, notify),
    },
  ),
  row(
    "prctl",
    [],
    "PR_SET_MM and PR_SCHED_CORE are refused, PR_SET_CHILD_SUBREAPER is noted and goes on; nothing else is asked about",
    {
      when: ifOneOf(0, [PR_SET_MM, PR_SCHED_CORE, PR_SET_CHILD_SUBREAPER], notify, allow),
    },
  ),
  row("setrlimit", [], CORE_LIMIT, { when: ifOneOf(0, [RLIMIT_CORE], notify, allow) }),
  row(
    "landlock_restrict_self",
    ["confinement"],
    "goes on; for this process, and what descends from it, the mediator does nothing more but let go on or refuse",
  ),
  row("lsm_set_self_attr", ["confinement"], "goes on, as landlock_restrict_self"),
];
