import { randomBytes } from "node:crypto";
import { closeSync, constants, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

/**
 * Puts a file in its place whole or not at all, and on the disk before it has its name; `mode` holds whatever the umask is.
 * Throws what the system says, with nothing changed but possibly the name.
 */
export function replaceFile(path: string, bytes: Uint8Array, mode: number): void {
  const scratch = `${path}.${randomBytes(8).toString("hex")}`;
  const file = openSync(scratch, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    try {
      fchmodSync(file, mode);
      writeFileSync(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(scratch, path);
  } catch (error) {
    rmSync(scratch, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
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
