import { lstatSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import {
  PRIVATE_FILE,
  PRIVATE_FOLDER,
  PUBLIC_FILE,
  PUBLIC_FOLDER,
  WRITABLE_BY_OTHERS,
} from "../base/modes.ts";
import { type PreparedFile, prepareFile, replaceFile } from "../kernel/replace-file.ts";
import { HostError } from "./host-error.ts";

export interface Modes {
  readonly file: number;
  /** For folders that have to be made. */
  readonly folder: number;
}

/** Every user may read what root writes; only the user may read what a user writes. */
export function modesFor(uid: number): Modes {
  return uid === 0
    ? { file: PUBLIC_FILE, folder: PUBLIC_FOLDER }
    : { file: PRIVATE_FILE, folder: PRIVATE_FOLDER };
}

/**
 * Puts a file in its place whole or not at all, and on the disk before it has its name. The folder
 * is made if it is missing, and refused if another user could have written it.
 * @throws HostError for a folder that cannot be trusted or written
 */
export function writeWhole(path: string, bytes: Uint8Array, modes: Modes): void {
  makeFolder(dirname(path), modes);
  try {
    replaceFile(path, bytes, modes.file);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/**
 * In two steps, for several files at once; what may fail for want of room fails in this one. The
 * folder must exist. @throws HostError
 */
export function prepareWhole(path: string, bytes: Uint8Array, modes: Modes): PreparedFile {
  try {
    return prepareFile(dirname(path), bytes, modes.file);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/**
 * A folder that only root and the caller may write.
 * @throws HostError if it cannot be made, or the name is taken by something else
 */
export function makeFolder(folder: string, modes: Modes): void {
  try {
    makeWithParents(folder, modes.folder);
  } catch (error) {
    throw unwritable(folder, error);
  }
  requireTrusted(folder);
}

/**
 * One after the other: Node's `recursive` never returns for a folder that is gone but still has a
 * name, such as one with a removed mount source.
 */
function makeWithParents(
  folder: string,
  mode: number,
  parents: "missing" | "made" = "missing",
): void {
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(folder).isDirectory()) return;
    if (code !== "ENOENT" || parents === "made" || dirname(folder) === folder) throw error;
    makeWithParents(dirname(folder), mode);
    makeWithParents(folder, mode, "made");
  }
}

/**
 * The system's error about a place that the caller chose; any other error is a fault of this
 * program and stays one.
 */
function unwritable(path: string, error: unknown): unknown {
  if (!(error instanceof Error && "code" in error && typeof error.code === "string")) return error;
  const help =
    process.geteuid?.() === 0
      ? "make room, or make it writable"
      : "make it writable for you, or choose another place: HOME, XDG_RUNTIME_DIR, XDG_STATE_HOME";
  return new HostError(`${path} cannot be written: ${error.code}`, help);
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
