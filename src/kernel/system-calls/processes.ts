import { RLIMIT_CORE } from "../constants.ts";
import type { ProcessCall } from "./call.ts";
import { allow, ifOneOf, ifPointer, notify, type Verdict } from "./verdict.ts";

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
  when: Verdict = notify,
  rest: Partial<ProcessCall> = {},
): ProcessCall {
  return { class: "process", name, operation, targets, when, voids: [], ...rest };
}

/** Signal 0 asks whether there is somebody: existence. */
const signal = (name: string, register: number, targets: readonly Target[]): ProcessCall =>
  row(name, "signal", targets, ifOneOf(register, [0], allow, notify), {
    signal: register,
    ...(name === "kill"
      ? {
          enforcing:
            "by the policy's `signals`; 0, -1 and groups only if everybody in them may be signalled",
        }
      : {}),
  });

/** 0 is the caller, whom nobody protects from itself, */
const ownAlone = ifOneOf(0, [0], allow, notify);
const others = (name: string): ProcessCall =>
  row(name, "control", [who(0, "thread", true)], ownAlone);
/** but from a crash that writes where the policy grants nothing. */
export const CORE_LIMIT =
  "the limit of core files is not raised without `core-dumps: allowed`; the mediator lowers it";

/** A better place than the kernel gives to all: real-time, a lower nice value. */
const better = (
  name: string,
  target: Target,
  capabilities: NonNullable<ProcessCall["capabilities"]>,
): ProcessCall =>
  row(name, "control", [target], notify, {
    capabilities,
    enforcing:
      "others only within the domain; where the policy does not grant a capability that the" +
      ` process still has (${capabilities.join(", ")}), made without it`,
  });

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

  row("setpgid", "join", [who(0, "process", true), who(1, "group", true)], notify, {
    enforcing: "goes on if everybody in the group is of the domain itself; else EPERM",
  }),

  row(
    "ptrace",
    "inspect",
    [who(1, "thread")],
    ifOneOf(0, [PTRACE_ATTACH, PTRACE_SEIZE], notify, allow),
  ),
  row("process_vm_readv", "inspect", [who(0, "process")]),
  row("process_vm_writev", "inspect", [who(0, "process")]),
  row("pidfd_getfd", "inspect", [who(0, "pidfd")]),
  row("kcmp", "inspect", [who(0, "process"), who(1, "process")]),
  row("get_robust_list", "inspect", [who(0, "thread", true)], ifOneOf(0, [0], allow, notify)),

  row(
    "prlimit64",
    "control",
    [who(0, "process", true)],
    ifOneOf(1, [RLIMIT_CORE], ifPointer(2, notify, ownAlone), ownAlone),
    { enforcing: `others only within the domain; ${CORE_LIMIT}` },
  ),
  better("sched_setscheduler", who(0, "thread", true), ["sys_nice"]),
  better("sched_setparam", who(0, "thread", true), ["sys_nice"]),
  better("sched_setattr", who(0, "thread", true), ["sys_nice"]),
  others("sched_setaffinity"),
  row("migrate_pages", "control", [who(0, "process", true)], ifOneOf(0, [0], allow, notify)),
  row("move_pages", "control", [who(0, "process", true)], ifOneOf(0, [0], allow, notify)),
  better("setpriority", { ...who(1, "which", true), which: 0 }, ["sys_nice"]),
  better("ioprio_set", { ...who(1, "which", true), which: 0 }, ["sys_nice", "sys_admin"]),
  row("process_madvise", "control", [who(0, "pidfd")], notify, { enforcing: "refused" }),
  row("process_mrelease", "control", [who(0, "pidfd")], notify, { enforcing: "refused" }),
];
