import { changing } from "./own-objects.ts";
import { escapeName } from "./pattern.ts";
import type { NameRule } from "./rule.ts";
import { mayReach, prefixOf } from "./within.ts";

/**
 * Files by which whoever may write them makes the kernel start a program of his choice outside
 * every domain, put other code into it, or stop the host. They ask for no more than user id 0
 * (proc_sys(5), Documentation/admin-guide/sysctl/kernel.rst). No domain may change them, whatever
 * it grants: it would leave itself. A slash at the end: a folder with everything below.
 */
export const hostSwitches: readonly string[] = [
  "/proc/sys/fs/binfmt_misc/",
  "/proc/sys/kernel/core_pattern",
  "/proc/sys/kernel/hotplug",
  "/proc/sys/kernel/modprobe",
  "/proc/sys/kernel/poweroff_cmd",
  "/proc/sys/kernel/usermodehelper/",
  "/proc/sysrq-trigger",
  "/sys/fs/bpf/",
  "/sys/kernel/debug/",
  "/sys/kernel/security/",
  "/sys/kernel/tracing/",
  "/sys/kernel/uevent_helper",
];

/** The file of a host switch's denial, as its source names it. */
const HOST_SWITCHES_FILE = "cofferdam:host-switches";

/** Denies for the switches that some grant of `rules`, whose names are canonical, may reach. */
export function hostSwitchRules(rules: readonly NameRule[]): readonly NameRule[] {
  return switchesReached(rules).map((path) => {
    const pattern = path.endsWith("/") ? `${escapeName(path)}**` : escapeName(path);
    const source = { file: HOST_SWITCHES_FILE, line: 1, column: 1, text: `deny wcda ${pattern}` };
    return { effect: "deny", permissions: changing, pattern, source };
  });
}

/** By where the choice of its pattern begins: rather one too many. */
function switchesReached(rules: readonly NameRule[]): readonly string[] {
  const begins = rules
    .filter(({ effect, permissions }) => effect === "allow" && (permissions & changing) !== 0)
    .map(prefixOf);
  return hostSwitches.filter((path) => begins.some((prefix) => mayReach(prefix, path)));
}
