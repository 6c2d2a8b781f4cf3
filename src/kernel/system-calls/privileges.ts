import type { PrivilegeCall } from "./call.ts";
import { answering, everyUse, ifListed } from "./columns.ts";
import { allow, ifBits, refuse } from "./verdict.ts";

type Needed = PrivilegeCall["needed"];

function row(
  name: string,
  capability: string,
  needed: Needed,
  rest: Partial<PrivilegeCall> = {},
): PrivilegeCall {
  return {
    class: "privilege",
    name,
    capability,
    needed,
    voids: [],
    sealed: null,
    supervised: everyUse,
    ...rest,
  };
}

const ids = (
  name: string,
  capability: "setuid" | "setgid",
  registers: readonly number[],
): PrivilegeCall =>
  row(name, capability, "ids", {
    ids: registers,
    voids: ["credentials"],
    supervised: answering(
      "continues if the ids are the caller's own already, or the policy grants" +
        ` \`${capability}\`; else EPERM`,
    ),
  });

/**
 * Limit on the supplementary groups of a process that the mediator serves. It reads them for each
 * call, which takes a microsecond for ten or less (proc_pid_status(5)). All bits are set, so that a
 * filter can test for more.
 */
export const BROKERED_GROUPS_MAX = 0x3ff;

/**
 * Calls that the kernel allows by a capability. Capabilities cannot be taken from a running
 * process, so these calls are judged instead. The kernel then applies its own checks, too. In a
 * sealed domain capabilities are bounded at the start, and nothing is notified.
 */
export const privilegeCalls: readonly PrivilegeCall[] = [
  ids("setuid", "setuid", [0]),
  ids("setreuid", "setuid", [0, 1]),
  ids("setresuid", "setuid", [0, 1, 2]),
  ids("setfsuid", "setuid", [0]),
  ids("setgid", "setgid", [0]),
  ids("setregid", "setgid", [0, 1]),
  ids("setresgid", "setgid", [0, 1, 2]),
  ids("setfsgid", "setgid", [0]),
  row("setgroups", "setgid", "always", {
    voids: ["credentials"],
    sealed: ifListed(
      `more than ${BROKERED_GROUPS_MAX} supplementary groups would make every brokered call of` +
        " the process slow: refused",
      () => ifBits(0, ~BROKERED_GROUPS_MAX, refuse, allow),
    ),
    supervised: answering(
      "continues if the policy grants `setgid`, for up to" +
        ` ${BROKERED_GROUPS_MAX} groups; else EPERM`,
    ),
  }),
  row("sethostname", "sys_admin", "always"),
  row("setdomainname", "sys_admin", "always"),
  row("settimeofday", "sys_time", "always"),
  row("clock_settime", "sys_time", "always"),
  row("adjtimex", "sys_time", "some", {
    supervised: answering(
      "continues if the policy grants `sys_time`; else EPERM, also for reading: the request lies" +
        " in memory, where it can change",
    ),
  }),
  row("clock_adjtime", "sys_time", "some", { supervised: answering("as adjtimex") }),
  row("syslog", "syslog", "some", {
    supervised: answering("actions 3 and 10 continue; the others if the policy grants `syslog`"),
  }),
  row("vhangup", "sys_tty_config", "always"),
];
