import { readFileSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Membership } from "../../domains/membership.ts";

/** In every installation (`native/holder.c`). */
const HOLDER = "(cofferdam)";
const programs = dirname(process.argv[1] ?? "");
export const IMPERSONATOR = join(programs, "impersonator");
/** Holders run it, too. */
export const LAUNCHER = join(dirname(programs), "bin", "cofferdam");
const scripts: ReadonlySet<string> = new Set(
  ["cofferdam.js", "mediator.js", "collector.js", "kernel-collector.js"].map((name) =>
    join(programs, name),
  ),
);

/**
 * Whether a process, or the process of a thread, is Cofferdam's: agent, holder, mediator, worker,
 * collector or impersonator. A process in a domain never is, whatever it calls itself: its control
 * group shows that. A process outside every domain may pretend, which gains it only that domains
 * cannot signal it.
 */
export function isCofferdams(pid: number, domainOf: (pid: number) => Membership): boolean {
  if (pid === process.pid) return true;
  if (typeof domainOf(pid) !== "string") return false;
  if (textOf(`/proc/${pid}/comm`) === `${HOLDER}\n`) return true;
  // Reading a command line takes the process's mmap_lock, which a hostile process may hold. So it
  // is read only if the program is the one that runs all of Cofferdam.
  const program = programOf(pid);
  if (program === IMPERSONATOR) return true;
  if (program !== process.execPath) return false;
  return scripts.has(textOf(`/proc/${pid}/cmdline`).split("\0", 2)[1] ?? "");
}

/** null for a process that is gone or cannot be examined. */
function programOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return null;
  }
}

/** Empty for a process that is gone. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
