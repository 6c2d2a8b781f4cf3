import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

/**
 * Puts a file in its place whole or not at all, and on the disk before it has its name; `mode`
 * holds whatever the umask is. Throws what the system says, with nothing changed but possibly the
 * name.
 */
export function replaceFile(path: string, bytes: Uint8Array, mode: number): void {
  prepareFile(dirname(path), bytes, mode).place(path);
  syncFolder(dirname(path));
}

/** A file that is on the disk, whole, and has no name yet that anybody looks for. */
export interface PreparedFile {
  /**
   * Gives it its name, in the same folder; for what comes after a crash the folder must still be
   * synced.
   */
  place(path: string): void;
  discard(): void;
}

const SCRATCH = ".new.";

/** Whether a file of that name is one that has not got its own yet, or never will. */
export function isScratch(name: string): boolean {
  return name.startsWith(SCRATCH);
}

/** What may fail for want of room fails here, before anything of that name is changed. */
export function prepareFile(folder: string, bytes: Uint8Array, mode: number): PreparedFile {
  const scratch = join(folder, `${SCRATCH}${randomBytes(8).toString("hex")}`);
  const discard = (): void => rmSync(scratch, { force: true });
  const place = (path: string): void => orElse(discard, () => renameSync(scratch, path));
  const file = openSync(scratch, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  orElse(discard, () => {
    try {
      fchmodSync(file, mode);
      writeFileSync(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  });
  return { place, discard };
}

function orElse(undo: () => void, work: () => void): void {
  try {
    work();
  } catch (error) {
    undo();
    throw error;
  }
}

/** Names that came or went in the folder are on the disk afterwards. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, O_RDONLY | O_DIRECTORY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
