import { readFileSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Membership } from "../../domains/membership.ts";

/** The name of a holder's process (`native/holder.c`), in every installation. */
const HOLDER = "cofferdam-hold";
const programs = dirname(process.argv[1] ?? "");
/** The program that makes one call as a target (`native/impersonator`). */
export const IMPERSONATOR = join(programs, "impersonator");
/** The scripts that node runs for Cofferdam. */
const scripts: ReadonlySet<string> = new Set(
  ["cofferdam.js", "mediator.js", "collector.js", "kernel-collector.js"].map((name) =>
    join(programs, name),
  ),
);

/**
 * Whether a process, or the process of a thread, is Cofferdam's: agent, holder, mediator, worker,
 * collector or impersonator. A process in a domain never is, whatever it calls itself, because the
 * kernel tells its control group. A process outside every domain is believed: by pretending it is
 * only spared.
 */
export function isCofferdams(pid: number, domainOf: (pid: number) => Membership): boolean {
  if (pid === process.pid) return true;
  if (typeof domainOf(pid) !== "string") return false;
  if (textOf(`/proc/${pid}/comm`) === `${HOLDER}\n`) return true;
  // Reading a command line takes the process's mmap_lock, which a hostile process may hold. So it
  // is read only where the program is the one that runs all of Cofferdam.
  const program = programOf(pid);
  if (program === IMPERSONATOR) return true;
  if (program !== process.execPath) return false;
  return scripts.has(textOf(`/proc/${pid}/cmdline`).split("\0", 2)[1] ?? "");
}

/** null for a process that is gone or cannot be looked at. */
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
