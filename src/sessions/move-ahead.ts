import { readFileSync, writeFile } from "node:fs";
import { join } from "node:path";
import { findCgroup2Mount } from "../kernel/probe/caller.ts";

/**
 * The path of the file that lists the processes of the control group in `cgroup`, which is the text
 * of `/proc/PID/cgroup`; `mountinfo` is the text of `/proc/PID/mountinfo` (cgroups(7)). null if the
 * group is not below a mount that is seen here.
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
 * Makes a later move of a process to another control group fast. The first move after a pause waits
 * until all threads that are being created or are exiting are done (a grace period of
 * `cgroup_threadgroup_rwsem`, kernel/cgroup/cgroup.c; 8 to 15 ms). A move soon after another one
 * does not wait. So this process moves to its own group while other work is done.
 */
export function moveAhead(): void {
  const file = processesBeside(
    readFileSync("/proc/self/mountinfo", "utf8"),
    readFileSync("/proc/self/cgroup", "utf8"),
  );
  // If this fails, the login takes that much longer.
  if (file !== null) writeFile(file, "0", () => undefined);
}
