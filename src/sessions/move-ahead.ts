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
 * Says to the kernel that a process is about to move to another control group. The first such move
 * after a pause waits for everybody who is making a thread or ending (a grace period of
 * `cgroup_threadgroup_rwsem`, kernel/cgroup/cgroup.c; 8 to 15 ms), one soon after it for nobody:
 * here this process moves to where it is, beside what else is to be done first. Nothing depends on
 * it.
 */
export function moveAhead(): void {
  const file = processesBeside(
    readFileSync("/proc/self/mountinfo", "utf8"),
    readFileSync("/proc/self/cgroup", "utf8"),
  );
  // Who is not to be told loses that time.
  if (file !== null) writeFile(file, "0", () => undefined);
}
