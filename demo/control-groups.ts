import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { atEnd } from "./stage.ts";

/**
 * From a daemon's end to that of its own control group, which its holder removes, in milliseconds.
 */
const EMPTY_WAIT_MS = 5_000;
const POLL_MS = 50;

/**
 * Control groups know no mount namespace: those that the demonstration's domain is given are
 * removed at the end.
 */
export function removeControlGroups(cgroup2: string | null): void {
  if (cgroup2 === null || process.geteuid?.() !== 0) return;
  const folder = join(cgroup2, "cofferdam");
  const before = new Set(namesIn(folder));
  const isNew = (name: string) => name.startsWith("web.") && !before.has(name);
  atEnd(() => {
    for (const name of namesIn(folder).filter(isNew)) removed(join(folder, name));
  });
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** A group that stays is only a name, and contains no process. */
function removed(group: string): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < EMPTY_WAIT_MS; waited += POLL_MS) {
    try {
      rmdirSync(group);
      return;
    } catch {
      Atomics.wait(clock, 0, 0, POLL_MS);
    }
  }
}
