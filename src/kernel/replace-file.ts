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
 * Replaces a file as a whole or not at all, with its data on disk before it gets its name. `mode`
 * applies whatever the umask is. Throws the system's error; then nothing has changed, except
 * perhaps the name.
 */
export function replaceFile(path: string, bytes: Uint8Array, mode: number): void {
  prepareFile(dirname(path), bytes, mode).place(path);
  syncFolder(dirname(path));
}

/** A complete file on disk that does not have its final name yet. */
export interface PreparedFile {
  /** In the same folder. To survive a crash the folder must be synced afterwards. */
  place(path: string): void;
  discard(): void;
}

const SCRATCH = ".new.";

/** Of a prepared file, complete or abandoned. */
export function isScratch(name: string): boolean {
  return name.startsWith(SCRATCH);
}

/** Whatever can fail for lack of room fails here, before a final name changes. */
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

/** After this added and removed names are on disk. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, O_RDONLY | O_DIRECTORY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
