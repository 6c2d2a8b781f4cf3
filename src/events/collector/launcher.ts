import { readdirSync, readlinkSync } from "node:fs";
import { unlessGone } from "../../kernel/unless-gone.ts";

/**
 * The process at the other end of the pipe open here as `pipeFd`. While the collector starts, only
 * the launcher has it: it waits for the readiness byte, holds the pipe's writing end, and has
 * started no other process that could. It need not be the collector's parent: the collector is
 * reparented, so that the daemon gets no unknown child. null if no such process is visible.
 */
export function findLauncher(pipeFd: number): number | null {
  const pipe = linkOf(`/proc/self/fd/${pipeFd}`);
  if (pipe === null || !pipe.startsWith("pipe:")) return null;
  const others = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid);
  // The parent is the most likely candidate, if there is one.
  const candidates = [process.ppid, ...others.filter((pid) => pid !== process.ppid)];
  return candidates.find((pid) => holds(pid, pipe)) ?? null;
}

function holds(pid: number, pipe: string): boolean {
  const folder = `/proc/${pid}/fd`;
  return (unlessGone(() => readdirSync(folder)) ?? []).some(
    (fd) => linkOf(`${folder}/${fd}`) === pipe,
  );
}

function linkOf(path: string): string | null {
  return unlessGone(() => readlinkSync(path));
}
