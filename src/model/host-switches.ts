import { changing } from "./own-objects.ts";
import { escapeName } from "./pattern.ts";
import type { NameRule } from "./rule.ts";
import { mayReach, prefixOf } from "./within.ts";

/**
 * A process that may write these files can make the kernel start a program of its choice outside
 * every domain, load other code into the kernel, or stop the host. Writing them takes only user id
 * 0 (proc_sys(5), Documentation/admin-guide/sysctl/kernel.rst). No domain may change them, whatever
 * its policy grants. A trailing slash: a folder with everything below.
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

/**
 * Memory of processes: a write there changes even what a process may only execute
 * (proc_pid_mem(5)), so that it would make code without the word `jit`.
 */
const processMemory = ["/proc/*/mem", "/proc/*/task/*/mem"];
/** The names below which these files lie. */
const aboveProcessMemory = /^\/(proc(\/(self|thread-self|\d+)(\/.*)?)?)?$/;

const HOST_SWITCHES_FILE = "cofferdam:host-switches";

/**
 * Denials for the switches, and for the memory of processes, that some grant of `rules`, whose
 * names are canonical, may match.
 */
export function hostSwitchRules(rules: readonly NameRule[]): readonly NameRule[] {
  // By the plain beginning of each pattern, which may include too many.
  const begins = rules
    .filter(({ effect, permissions }) => effect === "allow" && (permissions & changing) !== 0)
    .map(prefixOf);
  const switches = hostSwitches
    .filter((path) => begins.some((prefix) => mayReach(prefix, path)))
    .map((path) => (path.endsWith("/") ? `${escapeName(path)}**` : escapeName(path)));
  const memory = begins.some((prefix) => aboveProcessMemory.test(prefix)) ? processMemory : [];
  return [...switches, ...memory].map((pattern) => {
    const source = { file: HOST_SWITCHES_FILE, line: 1, column: 1, text: `deny wcda ${pattern}` };
    return { effect: "deny", permissions: changing, pattern, source };
  });
}
