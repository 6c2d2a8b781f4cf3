import * as fs from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const LOOK_MS = 50;
/** Mediators that are killed are gone by then. */
const GONE_MS = 10_000;

/**
 * Ends the mediators of a mount namespace that the benchmark made: they outlive every agent, heed
 * no other signal, and one that is killed has a stand-by that takes over.
 */
export async function endMediators(namespace: string): Promise<void> {
  for (const since = performance.now(); performance.now() - since < GONE_MS; await pause(LOOK_MS)) {
    const pids = mediatorsIn(namespace);
    if (pids.length === 0) return;
    for (const pid of pids) process.kill(pid, "SIGKILL");
  }
}

/** The mount namespace of a process, by its name in /proc; null once the process is gone. */
export function mountNamespace(pid: number | "self"): string | null {
  try {
    return fs.readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch (cause) {
    if (isGone(cause)) return null;
    throw cause;
  }
}

export function mediatorsIn(namespace: string): readonly number[] {
  return fs
    .readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && isMediator(pid) && mountNamespace(pid) === namespace);
}

function isMediator(pid: number): boolean {
  try {
    const words = fs.readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
    return words.some((word) => word.endsWith("/dist/mediator.js"));
  } catch (cause) {
    if (isGone(cause)) return false;
    throw cause;
  }
}

function isGone(cause: unknown): boolean {
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  return ["ENOENT", "ESRCH"].includes(code);
}
