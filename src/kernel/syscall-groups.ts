import { neverGranted } from "../kinds/syscalls/model.ts";
import { systemdGroups } from "./syscall-groups.systemd.ts";
import { all } from "./syscalls.ts";

/** Calls newer than systemd 257 or missing there, next to their older relatives. */
const additions: Readonly<Record<string, readonly string[]>> = {
  // The kernel itself makes 335 and 336 in a traced process, and refusing them kills it. The futex2
  // calls are parts of futex.
  "@default": [
    "uretprobe",
    "uprobe",
    "futex_wake",
    "futex_wait",
    "futex_requeue",
    "map_shadow_stack",
  ],
  "@file-system": [
    "setxattrat",
    "getxattrat",
    "listxattrat",
    "removexattrat",
    "file_getattr",
    "file_setattr",
    "cachestat",
  ],
  "@mount": ["open_tree_attr"],
};

let expanded: Readonly<Record<string, readonly string[]>> | null = null;

/**
 * Every group that a policy may name, with its `@`, expanded to x86_64 names, sorted: systemd's
 * groups and `@never` (see {@link neverGranted}). A group may contain members of `@never`; a policy
 * grants it without them.
 */
export function groups(): Readonly<Record<string, readonly string[]>> {
  expanded ??= expandAll();
  return expanded;
}

function expandAll(): Record<string, readonly string[]> {
  const result: Record<string, readonly string[]> = {};
  for (const group of Object.keys(systemdGroups)) result[group] = sorted(expand(group, new Set()));
  result["@never"] = sorted(new Set(neverGranted.map((entry) => entry.name)));
  return result;
}

function expand(group: string, open: ReadonlySet<string>): Set<string> {
  if (open.has(group)) throw new Error(`system call group ${group} contains itself`);
  const members = [...(systemdGroups[group] ?? missing(group)), ...(additions[group] ?? [])];
  return new Set(
    members.flatMap((member) =>
      member.startsWith("@") ? [...expand(member, new Set([...open, group]))] : [member],
    ),
  );
}

function missing(group: string): never {
  throw new Error(`no system call group is called ${group}`);
}

/** By number, as in tables of system calls. */
function sorted(names: ReadonlySet<string>): string[] {
  return all().filter((name) => names.has(name));
}
