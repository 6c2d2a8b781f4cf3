import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { anchorsFolder, domainOfAnchor } from "../domains/cgroup-path.ts";
import { hasCode } from "../kernel/errno-error.ts";

/**
 * Kills processes that the emulator has left behind, because a machine that is off must have none.
 * `run`: the emulator's process id. Without control groups version 2 such processes go on, and
 * `cofferdam ps` shows them.
 */
export function endRest(domain: string, run: number): void {
  const folder = anchorsFolder();
  if (folder === null) return;
  for (const anchor of namesIn(folder).filter((name) => domainOfAnchor(name) === domain))
    try {
      writeFileSync(join(folder, anchor, String(run), "cgroup.kill"), "1");
    } catch (error) {
      // The kernel removes the group after its last process.
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
