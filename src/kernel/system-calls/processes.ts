import { RLIMIT_CORE } from "../constants.ts";
import type { ProcessCall } from "./call.ts";
import { answering, everyUse, ifListed, neverAllowed, type Sealed } from "./columns.ts";
import { allow, ifOneOf, ifPointer, notify, type Verdict } from "./verdict.ts";

/** `linux/ptrace.h`: the two requests that begin tracing. All others need an existing tracee. */
const PTRACE_ATTACH = 16;
const PTRACE_SEIZE = 0x4206;
/** `linux/resource.h` and `linux/ioprio.h`: "who" is a process, and 0 the caller. */
const PRIO_PROCESS = 0;
const IOPRIO_WHO_PROCESS = 1;

type Target = ProcessCall["targets"][number];

const who = (register: number, kind: Target["kind"], zeroIsSelf = false): Target => ({
  register,
  kind,
  zeroIsSelf,
});

/** In a sealed domain Landlock confines ptrace access, so most rows have no column for it. */
function row(
  name: string,
  operation: ProcessCall["operation"],
  targets: readonly Target[],
  rest: Partial<ProcessCall> = {},
): ProcessCall {
  return {
    class: "process",
    name,
    operation,
    targets,
    voids: [],
    sealed: null,
    supervised: everyUse,
    ...rest,
  };
}

const unlessZero = (register: number): Verdict => ifOneOf(register, [0], allow, notify);

/** 0 means the caller, which may always act on itself. */
const ownAlone = unlessZero(0);
/**
 * A process may not raise its own limit of core files, because a crash writes outside every grant.
 */
const ownButCoreLimit = ifOneOf(1, [RLIMIT_CORE], ifPointer(2, notify, ownAlone), ownAlone);
export const CORE_LIMIT =
  "the limit of core files is not raised without `core-dumps: allowed`; the mediator lowers it";
export const CORE_LIMIT_ASKED =
  "the limit of core files is notified unless the policy has `core-dumps: allowed`: what the" +
  " kernel writes at a crash is outside every grant";

const OTHERS = "notified for another process: no lower layer sees whether it is outside the domain";
/** For sealed domains; `own` is the verdict for uses on the caller itself. */
const askedOfOthers = (own: Verdict): Sealed => ifListed(OTHERS, () => own);

/** Signal 0 only asks whether the process exists. */
function signal(
  name: string,
  register: number,
  targets: readonly Target[],
  rest: Partial<ProcessCall> = {},
): ProcessCall {
  const unlessNone = unlessZero(register);
  return row(name, "signal", targets, {
    signal: register,
    sealed: ifListed(
      "Landlock's scope confines signals to the domain. Where the kernel has none, or the policy" +
        " grants `any`, the mediator is notified, except for signal 0, and refuses signals to" +
        " Cofferdam's own processes",
      ({ signalsHeld }) => (signalsHeld ? allow : unlessNone),
    ),
    supervised: { verdict: unlessNone },
    ...rest,
  });
}

/** Calls that can give more than the default scheduling: real-time priority, a lower nice value. */
function better(
  name: string,
  target: Target,
  own: Verdict,
  capabilities: NonNullable<ProcessCall["capabilities"]>,
): ProcessCall {
  return row(name, "control", [target], {
    capabilities,
    sealed: askedOfOthers(own),
    supervised: answering(
      "other processes only within the domain; made without a capability that the process still" +
        ` has (${capabilities.join(", ")}) and the policy does not grant`,
    ),
  });
}

/** Register 0 names the process; 0 means the caller. */
const others = (name: string, kind: Target["kind"]): ProcessCall =>
  row(name, "control", [who(0, kind, true)], {
    sealed: askedOfOthers(ownAlone),
    supervised: { verdict: ownAlone },
  });

/** setpriority and ioprio_set: register 0 says what register 1 names. */
const oneself = (process: number): Verdict => ifOneOf(0, [process], unlessZero(1), notify);
const whichever: Target = { ...who(1, "which", true), which: 0 };

const memoryOfOthers = (name: string): ProcessCall =>
  row(name, "control", [who(0, "pidfd")], {
    sealed: neverAllowed("acts on the memory of other processes through a descriptor: refused"),
    supervised: answering("refused"),
  });

export const processCalls: readonly ProcessCall[] = [
  signal("kill", 1, [who(0, "group-or-process")], {
    supervised: answering(
      "by the policy's `signals`; 0, -1 and groups only if every process in them may be signalled",
      unlessZero(1),
    ),
  }),
  signal("tkill", 1, [who(0, "thread")]),
  signal("tgkill", 2, [who(0, "process"), who(1, "thread")]),
  signal("rt_sigqueueinfo", 1, [who(0, "process")]),
  signal("rt_tgsigqueueinfo", 2, [who(0, "process"), who(1, "thread")]),
  signal("pidfd_send_signal", 1, [who(0, "pidfd")], { scope: 3 }),

  row("setpgid", "join", [who(0, "process", true), who(1, "group", true)], {
    sealed: ifListed(
      "a group that contains an outside process cannot be joined, because the terminal stops" +
        " whole groups; 0 makes a group of the caller's own",
      () => unlessZero(1),
    ),
    supervised: answering("continues if all processes of the group are in the domain; else EPERM"),
  }),

  row("ptrace", "inspect", [who(1, "thread")], {
    supervised: { verdict: ifOneOf(0, [PTRACE_ATTACH, PTRACE_SEIZE], notify, allow) },
  }),
  row("process_vm_readv", "inspect", [who(0, "process")]),
  row("process_vm_writev", "inspect", [who(0, "process")]),
  row("pidfd_getfd", "inspect", [who(0, "pidfd")]),
  row("kcmp", "inspect", [who(0, "process"), who(1, "process")]),
  row("get_robust_list", "inspect", [who(0, "thread", true)], {
    supervised: { verdict: ownAlone },
  }),

  row("prlimit64", "control", [who(0, "process", true)], {
    sealed: ifListed(`${OTHERS}; ${CORE_LIMIT_ASKED}`, ({ coreDumps }) =>
      coreDumps ? ownAlone : ownButCoreLimit,
    ),
    supervised: answering(`other processes only within the domain; ${CORE_LIMIT}`, ownButCoreLimit),
  }),
  better("sched_setscheduler", who(0, "thread", true), ownAlone, ["sys_nice"]),
  better("sched_setparam", who(0, "thread", true), ownAlone, ["sys_nice"]),
  better("sched_setattr", who(0, "thread", true), ownAlone, ["sys_nice"]),
  others("sched_setaffinity", "thread"),
  others("migrate_pages", "process"),
  others("move_pages", "process"),
  better("setpriority", whichever, oneself(PRIO_PROCESS), ["sys_nice"]),
  better("ioprio_set", whichever, oneself(IOPRIO_WHO_PROCESS), ["sys_nice", "sys_admin"]),
  memoryOfOthers("process_madvise"),
  memoryOfOthers("process_mrelease"),
];
