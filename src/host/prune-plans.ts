import { lstatSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isScratch } from "../kernel/replace-file.ts";

/** Per domain, as many as idle cgroups (`compile/cgroup/prepare.ts`). */
export const READY_PLANS_MAX = 8;
/** Milliseconds; longer than any compiler writes. An older file was left by a killed one. */
const SCRATCH_AGE_MAX_MS = 3_600_000;

/**
 * Removes the least recently used plans of the domain of `kept`, a plan just written. A start reads
 * its plan, which moves the access time; if the file system keeps none, the oldest go first. A
 * missing plan is compiled anew. Files that killed compilers left half written are removed, too.
 */
export function prunePlans(kept: string, domain: string): void {
  const folder = dirname(kept);
  const names = readdirSync(folder);
  for (const path of names.filter(isScratch).map((name) => join(folder, name)))
    if (Date.now() - lastUse(path) > SCRATCH_AGE_MAX_MS) rmSync(path, { force: true });
  const others = names
    .filter(
      (name) =>
        name.startsWith(`${domain}-`) && /^[0-9a-f]{16}\.plan$/.test(name.slice(domain.length + 1)),
    )
    .filter((name) => name !== basename(kept))
    .map((name) => join(folder, name));
  const stats = others.map((path) => ({ path, used: lastUse(path) }));
  stats.sort((a, b) => b.used - a.used || (a.path < b.path ? -1 : 1));
  for (const { path } of stats.slice(READY_PLANS_MAX - 1)) rmSync(path, { force: true });
}

/** Milliseconds; 0 for a file that another start has just removed. */
function lastUse(path: string): number {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats === undefined ? 0 : Math.max(stats.atimeMs, stats.mtimeMs);
}
