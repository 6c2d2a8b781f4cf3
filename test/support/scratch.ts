import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** A folder in memory: tests that measure order or time must not wait for a disk. */
export const IN_MEMORY = "/dev/shm";
/**
 * A folder in the clone: from there a bundle finds node_modules, and a unit with PrivateTmp= sees
 * it.
 */
export const IN_CLONE = resolve(import.meta.dirname, "../../build");

export interface ScratchOptions {
  /** By default only the owner may enter. */
  readonly mode?: number;
  /** The parent folder; by default the one for temporary files. */
  readonly above?: string;
}

/** Tries to remove a folder: a process that outlives a test may still write there. */
const REMOVALS_MAX = 20;

const made = new Set<string>();

/**
 * Makes a folder and removes it when the file's tests have ended, however they end
 * (`scratch-setup.ts`), or with the process.
 */
export function scratchFolder(name: string, { mode, above }: ScratchOptions = {}): string {
  if (above !== undefined) mkdirSync(above, { recursive: true });
  const folder = mkdtempSync(join(above ?? tmpdir(), `cofferdam-${name}-`));
  if (mode !== undefined) chmodSync(folder, mode);
  if (made.size === 0) process.once("exit", removeScratchFolders);
  made.add(folder);
  return folder;
}

/**
 * Does not remove what is below a mount point that a failed test has left: it may belong to the
 * host.
 */
export function removeScratchFolders(): void {
  const mountedOn = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "");
  for (const folder of made) {
    const left = mountedOn.find((place) => place === folder || place.startsWith(`${folder}/`));
    if (left !== undefined) throw new Error(`a test has left a mount on ${left}`);
    rmSync(folder, { recursive: true, force: true, maxRetries: REMOVALS_MAX });
    made.delete(folder);
  }
  // Files that share a process would add one each.
  process.off("exit", removeScratchFolders);
}
