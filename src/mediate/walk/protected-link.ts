import { readFileSync } from "node:fs";
import { STICKY, WRITABLE_BY_ALL } from "../../base/modes.ts";
import { fstat, type Stat } from "../sys/sys.ts";

/**
 * The kernel's rule for links in shared directories (proc_sys_fs(5), protected_symlinks; fs/namei.c
 * may_follow_link): in a sticky directory that all may write, a link is followed only by its owner,
 * or if the directory's owner made it. The mediator follows links itself, so it must apply the
 * rule.
 */
export function protectedLink(directory: number, link: Stat, fsuid: number): boolean {
  if (link.uid === fsuid || !enabled()) return false;
  const parent = fstat(directory);
  if (typeof parent === "number") return true;
  const shared = (parent.mode & STICKY) !== 0 && (parent.mode & WRITABLE_BY_ALL) !== 0;
  return shared && parent.uid !== link.uid;
}

let known: boolean | null = null;

/** Read once. A setting that cannot be read counts as enabled. */
function enabled(): boolean {
  if (known === null) {
    try {
      known = readFileSync("/proc/sys/fs/protected_symlinks", "latin1").trim() !== "0";
    } catch {
      known = true;
    }
  }
  return known;
}
