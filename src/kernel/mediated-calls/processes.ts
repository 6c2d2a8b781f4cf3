import { RLIMIT_CORE } from "../constants.ts";
import type { ProcessCall } from "./call.ts";
import { ask, ifOneOf, ifPointer, pass, type When } from "./when.ts";

/** `linux/resource.h` and `linux/ioprio.h`: "who" is a process; 0 is the caller. */
const PRIO_PROCESS = 0;
const IOPRIO_WHO_PROCESS = 1;
/**
 * `linux/ptrace.h`: the two requests that begin; every other one needs a tracee that is one
 * already.
 */
const PTRACE_ATTACH = 16;
const PTRACE_SEIZE = 0x4206;

type Target = ProcessCall["targets"][number];

const who = (register: number, kind: Target["kind"], zeroIsSelf = false): Target => ({
  register,
  kind,
  zeroIsSelf,
});

function row(
  name: string,
  operation: ProcessCall["operation"],
  targets: readonly Target[],
  when: When = ask,
  rest: Partial<ProcessCall> = {},
): ProcessCall {
  return { class: "process", name, operation, targets, when, voids: [], ...rest };
}

/** Signal 0 asks whether there is somebody: existence. */
const signal = (name: string, register: number, targets: readonly Target[]): ProcessCall =>
  row(name, "signal", targets, ifOneOf(register, [0], pass, ask), {
    signal: register,
    ...(name === "kill"
      ? {
          enforcing:
            "by the policy's `signals`; 0, -1 and groups only if everybody in them may be signalled",
        }
      : {}),
  });

/** 0 is the caller, whom nobody protects from itself, */
const ownAlone = ifOneOf(0, [0], pass, ask);
const others = (name: string): ProcessCall =>
  row(name, "control", [who(0, "thread", true)], ownAlone);
/** but from a crash that writes where the policy grants nothing. */
export const CORE_LIMIT =
  "the limit of core files is not raised without `core-dumps: allowed`; the mediator lowers it";

const CHOSEN = (kind: number): When => ifOneOf(0, [kind], ifOneOf(1, [0], pass, ask), ask);

/**
 * Calls that do something to, or look into, a process or thread named by a number or a descriptor.
 */
export const processCalls: readonly ProcessCall[] = [
  signal("kill", 1, [who(0, "group-or-process")]),
  signal("tkill", 1, [who(0, "thread")]),
  signal("tgkill", 2, [who(0, "process"), who(1, "thread")]),
  signal("rt_sigqueueinfo", 1, [who(0, "process")]),
  signal("rt_tgsigqueueinfo", 2, [who(0, "process"), who(1, "thread")]),
  { ...signal("pidfd_send_signal", 1, [who(0, "pidfd")]), scope: 3 },

  row("setpgid", "join", [who(0, "process", true), who(1, "group", true)], ask, {
    enforcing: "goes on if everybody in the group is of the domain itself; else EPERM",
  }),

  row(
    "ptrace",
    "inspect",
    [who(1, "thread")],
    ifOneOf(0, [PTRACE_ATTACH, PTRACE_SEIZE], ask, pass),
  ),
  row("process_vm_readv", "inspect", [who(0, "process")]),
  row("process_vm_writev", "inspect", [who(0, "process")]),
  row("pidfd_getfd", "inspect", [who(0, "pidfd")]),
  row("kcmp", "inspect", [who(0, "process"), who(1, "process")]),
  row("get_robust_list", "inspect", [who(0, "thread", true)], ifOneOf(0, [0], pass, ask)),

  row(
    "prlimit64",
    "control",
    [who(0, "process", true)],
    ifOneOf(1, [RLIMIT_CORE], ifPointer(2, ask, ownAlone), ownAlone),
    { enforcing: `others only within the domain; ${CORE_LIMIT}` },
  ),
  others("sched_setscheduler"),
  others("sched_setparam"),
  others("sched_setattr"),
  others("sched_setaffinity"),
  row("migrate_pages", "control", [who(0, "process", true)], ifOneOf(0, [0], pass, ask)),
  row("move_pages", "control", [who(0, "process", true)], ifOneOf(0, [0], pass, ask)),
  row("setpriority", "control", [{ ...who(1, "which", true), which: 0 }], CHOSEN(PRIO_PROCESS)),
  row(
    "ioprio_set",
    "control",
    [{ ...who(1, "which", true), which: 0 }],
    CHOSEN(IOPRIO_WHO_PROCESS),
  ),
  row("process_madvise", "control", [who(0, "pidfd")], ask, { enforcing: "refused" }),
  row("process_mrelease", "control", [who(0, "pidfd")], ask, { enforcing: "refused" }),
];
