import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { anchorsFolder, domainOfAnchor } from "../domains/cgroup-path.ts";
import { hasCode } from "../kernel/errno-error.ts";

/**
 * Kills what the emulator has left behind: a machine that is off has no process. `run`: the
 * emulator's process id. Without control groups version 2 they go on, and `cofferdam ps` shows
 * them.
 */
export function endRest(domain: string, run: number): void {
  const folder = anchorsFolder();
  if (folder === null) return;
  for (const anchor of namesIn(folder).filter((name) => domainOfAnchor(name) === domain))
    try {
      writeFileSync(join(folder, anchor, String(run), "cgroup.kill"), "1");
    } catch (error) {
      // The group goes with its last process.
      if (!hasCode(error, "ENOENT", "ENODEV")) throw error;
    }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
