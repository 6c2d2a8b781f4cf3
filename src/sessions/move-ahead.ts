import { readFileSync, writeFile } from "node:fs";
import { join } from "node:path";
import { findCgroup2Mount } from "../kernel/probe/caller.ts";

/**
 * The file that lists the processes of the control group with the one of `cgroup` in it, the texts
 * being `/proc/PID/mountinfo` and `/proc/PID/cgroup` (cgroups(7)); null where it is not to be seen.
 */
export function processesBeside(mountinfo: string, cgroup: string): string | null {
  const mount = findCgroup2Mount(mountinfo);
  const group = /^0::(\/.*)$/m.exec(cgroup)?.[1];
  if (mount === null || group === undefined) return null;
  const above = mount.root === "/" ? "" : mount.root;
  if (group !== above && !group.startsWith(`${above}/`)) return null;
  return join(mount.point, group.slice(above.length), "cgroup.procs");
}

/**
 * Prepares the kernel for a process's move to another control group. The first such move after a
 * pause waits for all threads that are being made or are ending (a grace period of
 * `cgroup_threadgroup_rwsem`, kernel/cgroup/cgroup.c; 8 to 15 ms); one soon after it does not wait.
 * So this process moves to its own group while other work is done. Nothing depends on it.
 */
export function moveAhead(): void {
  const file = processesBeside(
    readFileSync("/proc/self/mountinfo", "utf8"),
    readFileSync("/proc/self/cgroup", "utf8"),
  );
  // If this fails, the login takes that much longer.
  if (file !== null) writeFile(file, "0", () => undefined);
}
