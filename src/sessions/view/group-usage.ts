import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { domainOfAnchor } from "../../domains/cgroup-path.ts";
import { hasCode } from "../../kernel/errno-error.ts";
import { findCgroup2, OWN_GROUP } from "../../kernel/probe/caller.ts";
import type { CpuSource } from "./cpu-meter.ts";
import { inTurns } from "./turns.ts";

/**
 * The CPU time of root's domains, by their control groups, which also count processes that have
 * exited. null without control groups version 2. `cpu.stat` has `usage_usec` also without the cpu
 * controller (cgroup-v2.rst of the kernel).
 */
export async function groupUsage(): Promise<readonly CpuSource[] | null> {
  const mount = findCgroup2(readFileSync("/proc/self/mountinfo", "utf8"));
  if (mount === null) return null;
  const folder = join(mount, OWN_GROUP);
  const sources: CpuSource[] = [];
  await inTurns(anchorsIn(folder), (anchor) => {
    const source = usageOf(join(folder, anchor), domainOfAnchor(anchor));
    if (source !== null) sources.push(source);
  });
  return sources;
}

function anchorsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}

/**
 * null if the group is gone. A new group of the same name has another inode, and so another key.
 */
function usageOf(anchor: string, owner: string): CpuSource | null {
  try {
    const used = /^usage_usec (\d+)$/m.exec(readFileSync(join(anchor, "cpu.stat"), "utf8"))?.[1];
    return { key: `${anchor} ${statSync(anchor).ino}`, owner, used: Number(used ?? 0) };
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENODEV")) return null;
    throw error;
  }
}
