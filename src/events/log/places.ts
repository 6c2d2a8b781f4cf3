import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
} from "node:fs";
import {
  GROUP_FILE,
  PRIVATE_FILE,
  PRIVATE_FOLDER,
  PUBLIC_FOLDER,
  WRITABLE_BY_OTHERS,
} from "../../base/modes.ts";
import { hasCode } from "../../kernel/errno-error.ts";

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } =
  constants;

export const LOG_NAME = "events.jsonl";
/**
 * The writers' lock and the end of the chain. Only the owner may open it: a process that can open
 * it can hold the lock forever.
 */
export const HEAD_NAME = "events.head";

const HEAD_MODE = PRIVATE_FILE;

/** Another user could have written the folder or file. */
export class UntrustedError extends Error {}

/** Identifies a file, whatever its name. */
export type FileKey = string;

export interface Found {
  readonly key: FileKey;
  readonly size: number;
}

/** Links are not followed; null for a missing name. */
export function look(path: string): Found | null {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : { key: `${stat.dev}:${stat.ino}`, size: Number(stat.size) };
}

export function lookAt(fd: number): Found {
  const stat = fstatSync(fd, { bigint: true });
  return { key: `${stat.dev}:${stat.ino}`, size: Number(stat.size) };
}

/** 1 is the newest; gaps exist only after an interrupted rotation. */
export function oldNumbers(folder: string): readonly number[] {
  return readdirSync(folder)
    .map((name) => /^events\.jsonl\.([1-9]\d{0,5})$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

export function oldPath(folder: string, number: number): string {
  return `${folder}/${LOG_NAME}.${number}`;
}

/** Makes the folder if only it is missing, and refuses one that other users may write. */
export function requireFolder(folder: string): void {
  const isRoot = process.geteuid?.() === 0;
  try {
    mkdirSync(folder, { mode: isRoot ? PUBLIC_FOLDER : PRIVATE_FOLDER });
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
  const fd = openSync(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    requireTrusted(folder, fd, "isDirectory");
  } finally {
    closeSync(fd);
  }
}

/** For reading and appending. `create`: it must not exist yet. */
export function openLogFile(path: string, create: boolean): number {
  // The system's log is for its administrators, whose group the folder may pass to its files
  // (set-group-id).
  const mode = process.geteuid?.() === 0 ? GROUP_FILE : PRIVATE_FILE;
  return openTrusted(
    path,
    O_RDWR | O_APPEND | (create ? O_CREAT | O_EXCL : 0),
    create ? mode : null,
  );
}

export function openHead(folder: string): number {
  const path = `${folder}/${HEAD_NAME}`;
  return openTrusted(path, O_RDWR | O_CREAT, look(path) === null ? HEAD_MODE : null);
}

export function openOld(path: string): number {
  return openTrusted(path, O_RDONLY, null);
}

function openTrusted(path: string, flags: number, mode: number | null): number {
  const fd = openSync(path, flags | O_NOFOLLOW | O_NONBLOCK, mode ?? PRIVATE_FILE);
  try {
    // The caller's umask must not decide which users can read it.
    if (mode !== null) fchmodSync(fd, mode);
    requireTrusted(path, fd, "isFile");
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function requireTrusted(path: string, fd: number, kind: "isFile" | "isDirectory"): void {
  const stat = fstatSync(fd);
  const mine = stat.uid === 0 || stat.uid === process.geteuid?.();
  if (!stat[kind]())
    throw new UntrustedError(`${path} is no ${kind === "isFile" ? "file" : "folder"}`);
  if (!mine || (stat.mode & WRITABLE_BY_OTHERS) !== 0)
    throw new UntrustedError(`others could write ${path}: only root or you may be able to`);
}
