import { whyNever } from "../../kinds/syscalls/model.ts";
import { LANDLOCK_LOG_OFF_FLAGS } from "../argument-names.ts";
import {
  CLONE_FILES,
  CLONE_FS,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  CLONE_PARENT,
  CLONE_THREAD,
  PR_SET_CHILD_SUBREAPER,
  RLIMIT_CORE,
} from "../constants.ts";
import type { PathArgument } from "./argument.ts";
import type { StateCall } from "./call.ts";
import { answering, ifListed, listedOrNot, neverAllowed, type Supervised } from "./columns.ts";
import { CORE_LIMIT, CORE_LIMIT_ASKED } from "./processes.ts";
import { absent, allow, ifBits, ifOneOf, notify, refuse, type Verdict } from "./verdict.ts";

/** CLONE_NEWTIME is missing: in clone() its bit belongs to the exit signal. */
export const NEW_NAMESPACES =
  CLONE_NEWNS |
  CLONE_NEWCGROUP |
  CLONE_NEWUTS |
  CLONE_NEWIPC |
  CLONE_NEWUSER |
  CLONE_NEWPID |
  CLONE_NEWNET;

/**
 * `linux/prctl.h`: PR_SET_MM changes what /proc shows of the process, including its executable;
 * PR_SCHED_CORE reaches other processes.
 */
const PR_SET_MM = 35;
const PR_SCHED_CORE = 62;
/** `linux/personality.h`: PER_LINUX, and the value that only queries. */
const harmlessPersonalities = [0, 0xffffffff];

const unlessHarmless = (otherwise: Verdict): Verdict =>
  ifOneOf(0, harmlessPersonalities, allow, otherwise);
const coreLimit = ifOneOf(0, [RLIMIT_CORE], notify, allow);

/**
 * clone() without new namespaces or another parent: a thread, or a process that shares none of
 * `shared`.
 */
const cloning = (otherwise: Verdict, shared: number): Verdict =>
  ifBits(
    0,
    NEW_NAMESPACES | CLONE_PARENT,
    otherwise,
    ifBits(0, CLONE_THREAD, allow, ifBits(0, shared, otherwise, allow)),
  );

const path: PathArgument = { role: "object", directory: null, path: 0, follow: { kind: "always" } };

function row(
  name: string,
  voids: StateCall["voids"],
  supervised: Supervised,
  rest: Partial<StateCall> = {},
): StateCall {
  return { class: "state", name, voids, sealed: null, supervised, ...rest };
}

const goesOn = answering("continues; remembered facts are forgotten first");
const NAMESPACES = "new namespaces are refused";
const NAMESPACES_SEALED = "new namespaces give names and privileges another meaning: refused";

/**
 * Calls that change what a path, a number or an id means, so that nothing about the caller may be
 * remembered.
 */
export const stateCalls: readonly StateCall[] = [
  row("chdir", ["directories"], goesOn, { path }),
  row("fchdir", ["directories"], goesOn, { descriptor: 0 }),
  row("chroot", ["directories"], answering("continues if the policy grants `sys_chroot`"), {
    path,
    capability: "sys_chroot",
  }),
  row("umask", ["umask"], goesOn),
  row("capset", ["credentials"], goesOn),
  row(
    "unshare",
    ["directories", "umask", "namespaces", "descriptors"],
    answering(`${NAMESPACES}; a working directory or descriptor table of its own continues`),
    {
      sealed: ifListed(NAMESPACES_SEALED, () =>
        ifBits(0, NEW_NAMESPACES | CLONE_NEWTIME, refuse, allow),
      ),
    },
  ),
  row(
    "setns",
    ["directories", "namespaces"],
    answering("refused: in other namespaces names and numbers have other meanings"),
    { sealed: neverAllowed(whyNever("setns") ?? "") },
  ),
  row(
    "clone",
    ["directories", "umask", "namespaces", "descriptors"],
    answering(
      `${NAMESPACES}, and so are a sibling (CLONE_PARENT), whose parent may be outside the` +
        " domain, and another process that shares descriptors; one that shares directories goes" +
        " on",
      cloning(notify, CLONE_FILES | CLONE_FS),
    ),
    {
      sealed: ifListed(
        `${NAMESPACES_SEALED}; so are a sibling (CLONE_PARENT), whose parent may be outside the` +
          " domain, and a process that shares descriptors without being a thread: the mediator" +
          " counts threads to know that no other can exchange one",
        () => cloning(refuse, CLONE_FILES),
      ),
    },
  ),
  row(
    "clone3",
    ["directories", "umask", "namespaces", "descriptors"],
    {
      verdict: notify,
      // libc falls back to clone only on ENOSYS.
      unlistedToo: "always",
      enforcing:
        "ENOSYS, so that libc falls back to clone: its flags lie in memory, where they can change",
    },
    {
      absent: true,
      sealed: listedOrNot(
        "its flags lie in memory: ENOSYS, so that libc falls back to clone",
        () => absent,
      ),
    },
  ),
  row(
    "personality",
    [],
    answering(
      "anything but the ordinary personality is refused: it weakens the process's own defences",
      unlessHarmless(notify),
    ),
    {
      sealed: ifListed(
        "anything but the ordinary personality weakens the process's own defences: refused",
        () => unlessHarmless(refuse),
      ),
    },
  ),
  row(
    "prctl",
    [],
    answering(
      "PR_SET_MM and PR_SCHED_CORE are refused, PR_SET_CHILD_SUBREAPER is noted and continues;" +
        " nothing else is notified",
      ifOneOf(0, [PR_SET_MM, PR_SCHED_CORE, PR_SET_CHILD_SUBREAPER], notify, allow),
    ),
  ),
  row("setrlimit", [], answering(CORE_LIMIT, coreLimit), {
    sealed: ifListed(CORE_LIMIT_ASKED, ({ coreDumps }) => (coreDumps ? allow : coreLimit)),
  }),
  row(
    "landlock_restrict_self",
    ["confinement"],
    answering(
      "continues; for this process and its descendants the mediator makes no more calls, but only" +
        " lets them continue or refuses them",
    ),
    {
      sealed: ifListed(
        "notified, because the mediator makes no more calls for a process that confines itself;" +
          " flags that keep denials out of the kernel's records are refused",
        () => ifBits(1, LANDLOCK_LOG_OFF_FLAGS, refuse, notify),
      ),
    },
  ),
  row("lsm_set_self_attr", ["confinement"], answering("continues, as landlock_restrict_self")),
];
