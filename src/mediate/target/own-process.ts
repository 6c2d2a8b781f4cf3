import { readFileSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Membership } from "../../domains/membership.ts";

/** Name of a holder (`native/holder.c`), whichever installation it is of. */
const HOLDER = "cofferdam-hold";
const programs = dirname(process.argv[1] ?? "");
/** What makes one call as a target (`native/impersonator`). */
export const IMPERSONATOR = join(programs, "impersonator");
/** What node runs for Cofferdam. */
const scripts: ReadonlySet<string> = new Set(
  ["cofferdam.js", "mediator.js", "collector.js"].map((name) => join(programs, name)),
);

/**
 * Whether a process, or the one that a thread belongs to, is Cofferdam's: agent, holder, mediator,
 * worker, collector, impersonator. Nobody who lives in a domain is, whatever it calls itself: its
 * control group is the kernel's word. What others say of themselves is believed: whoever outside
 * every domain pretends to be one is only spared.
 */
export function isCofferdams(pid: number, domainOf: (pid: number) => Membership): boolean {
  if (pid === process.pid) return true;
  if (typeof domainOf(pid) !== "string") return false;
  if (textOf(`/proc/${pid}/comm`) === `${HOLDER}\n`) return true;
  // Reading a process's words takes its mmap_lock, which a hostile one may keep: asked only of who
  // runs the program that runs all of Cofferdam.
  const program = programOf(pid);
  if (program === IMPERSONATOR) return true;
  if (program !== process.execPath) return false;
  return scripts.has(textOf(`/proc/${pid}/cmdline`).split("\0", 2)[1] ?? "");
}

/** Null for a process that is gone, or may not be looked at. */
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
