import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { HostError } from "./host-error.ts";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const WRITABLE_BY_OTHERS = 0o022;

export interface Modes {
  readonly file: number;
  /** Of folders that have to be made. */
  readonly folder: number;
}

/** What root writes may be read by everybody; what a user writes is nobody else's business. */
export function modesFor(uid: number): Modes {
  return uid === 0 ? { file: 0o644, folder: 0o755 } : { file: 0o600, folder: 0o700 };
}

/**
 * Puts a file in its place whole or not at all, and on the disk before it has its name. The folder is made where it is
 * missing, and refused where somebody else could have written it.
 * @throws HostError for a folder that cannot be trusted or written
 */
export function writeWhole(path: string, bytes: Uint8Array, modes: Modes): void {
  const folder = dirname(path);
  makeFolder(folder, modes);
  const scratch = `${path}.${randomBytes(8).toString("hex")}`;
  const file = openForWriting(scratch, modes);
  try {
    try {
      // The umask of the caller must not decide who can read it.
      fchmodSync(file, modes.file);
      writeFileSync(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(scratch, path);
  } catch (error) {
    rmSync(scratch, { force: true });
    throw unwritable(path, error);
  }
  syncFolder(folder);
}

/**
 * A folder that nobody but root and the caller may write.
 * @throws HostError where it cannot be made, or there is another one of that name
 */
export function makeFolder(folder: string, modes: Modes): void {
  try {
    mkdirSync(folder, { recursive: true, mode: modes.folder });
  } catch (error) {
    throw unwritable(folder, error);
  }
  requireTrusted(folder);
}

/** What the system says about a place that the caller chose; anything else is a fault of this program and stays one. */
function unwritable(path: string, error: unknown): unknown {
  if (!(error instanceof Error && "code" in error && typeof error.code === "string")) return error;
  const help = "make it writable for you, or choose another place: HOME, XDG_RUNTIME_DIR, XDG_STATE_HOME";
  return new HostError(`${path} cannot be written: ${error.code}`, help);
}

function openForWriting(scratch: string, modes: Modes): number {
  try {
    return openSync(scratch, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, modes.file);
  } catch (error) {
    throw unwritable(scratch, error);
  }
}

function requireTrusted(folder: string): void {
  const { uid, mode } = lstatSync(folder);
  const mine = uid === 0 || uid === process.geteuid?.();
  if (mine && (mode & WRITABLE_BY_OTHERS) === 0) return;
  throw new HostError(
    `others could write into ${folder}`,
    "only root or you may be able to write it; remove it, then try again",
  );
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, O_RDONLY | O_DIRECTORY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
