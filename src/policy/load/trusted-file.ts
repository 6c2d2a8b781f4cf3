import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  realpathSync,
  type Stats,
} from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { MODE_BITS, STICKY, WRITABLE_BY_OTHERS } from "../../base/modes.ts";
import { FOLDERS_MAX, POLICY_BYTES_MAX } from "../limits.ts";

/**
 * Reads a file that security depends on. Only root and the caller may have been able to change it.
 *
 * Folders are opened one after the other from `/`, each through the descriptor of the one above,
 * without following symbolic links. fstat of each descriptor judges the folder, and finally the
 * file. So the file that was judged is the one that is read, whatever happens to its name.
 * `/proc/self/fd/N/NAME` stands for openat(N, NAME), which Node does not offer.
 */
export type FileResult =
  | { readonly outcome: "read"; readonly bytes: Uint8Array; readonly identity: FileIdentity }
  | { readonly outcome: "absent" }
  | { readonly outcome: "refused"; readonly problem: FileProblem };

/** From fstat before the first byte was read: a later change moves the ctime. */
export interface FileIdentity {
  readonly mode: number;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly ctimeNs: bigint;
}

export type FileProblem =
  | {
      readonly name: "file-unreadable";
      readonly values: { readonly path: string; readonly reason: string };
    }
  | {
      readonly name: "file-not-regular";
      readonly values: { readonly path: string; readonly kind: string };
    }
  | { readonly name: "file-symlink"; readonly values: { readonly path: string } }
  | {
      readonly name: "file-writable" | "folder-writable";
      readonly values: { readonly path: string; readonly mode: string };
    }
  | {
      readonly name: "file-owner" | "folder-owner";
      readonly values: { readonly path: string; readonly uid: number; readonly trusted: string };
    }
  | {
      readonly name: "file-too-large";
      readonly values: { readonly size: number; readonly limit: number };
    };

/** O_PATH of include/uapi/asm-generic/fcntl.h: a folder on the way need not be readable. */
const O_PATH = 0o10000000;
const OPEN_FOLDER = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** O_NONBLOCK: opening a pipe must not wait for a writer. */
const OPEN_FILE =
  constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Opens each folder once and keeps its descriptor until {@link close}. */
export class TrustedReader {
  /** By name and owners: a descriptor, or why there is none. */
  readonly #folders = new Map<string, OpenedFolder>();

  /**
   * `owners` are the user ids that may own the file and the folders on the way. System errors are
   * returned, not thrown.
   */
  read(path: string, owners: readonly number[]): FileResult {
    const folder = this.#folder(dirname(resolve(path)), owners);
    if (folder.outcome === "refused") return folder;
    if (folder.outcome === "failed") return failure(folder.error, path);
    try {
      return readIn(folder.descriptor, path, owners);
    } catch (error) {
      return failure(error, path);
    }
  }

  close(): void {
    for (const folder of this.#folders.values())
      if (folder.outcome === "open") closeSync(folder.descriptor);
    this.#folders.clear();
  }

  #folder(folder: string, owners: readonly number[]): OpenedFolder {
    const key = `${owners.join()} ${folder}`;
    const known = this.#folders.get(key);
    if (known !== undefined) return known;
    const opened = openFolder(folder, owners);
    this.#folders.set(key, opened);
    return opened;
  }
}

/** Whether the folders on a file's way are trusted now. */
export function isWayTrusted(path: string, owners: readonly number[]): boolean {
  const folder = openFolder(dirname(resolve(path)), owners);
  if (folder.outcome === "open") closeSync(folder.descriptor);
  return folder.outcome === "open";
}

type OpenedFolder =
  | { readonly outcome: "open"; readonly descriptor: number }
  | { readonly outcome: "refused"; readonly problem: FileProblem }
  | { readonly outcome: "failed"; readonly error: unknown };

function openFolder(folder: string, owners: readonly number[]): OpenedFolder {
  let descriptor = -1;
  try {
    const real = realpathSync.native(folder);
    const names = real.split("/").filter((name) => name !== "");
    if (names.length > FOLDERS_MAX)
      return refuse({
        name: "file-unreadable",
        values: { path: real, reason: "too many folders" },
      });
    descriptor = openSync("/", OPEN_FOLDER);
    for (let depth = 0; ; depth++) {
      const path = `/${names.slice(0, depth).join("/")}`;
      const problem = judgeFolder(path, fstatSync(descriptor), owners, depth === names.length);
      const name = names[depth];
      if (problem === null && name === undefined) return { outcome: "open", descriptor };
      const next =
        problem === null ? openSync(`/proc/self/fd/${descriptor}/${name}`, OPEN_FOLDER) : -1;
      closeSync(descriptor);
      if (problem !== null) return refuse(problem);
      descriptor = next;
    }
  } catch (error) {
    if (descriptor >= 0) closeSync(descriptor);
    return { outcome: "failed", error };
  }
}

/**
 * A sticky folder such as /tmp is accepted on the way, because other users cannot replace its
 * entries. It is not accepted as the folder of a policy.
 */
function judgeFolder(
  path: string,
  stats: Stats,
  owners: readonly number[],
  last: boolean,
): FileProblem | null {
  if (!owners.includes(stats.uid))
    return { name: "folder-owner", values: ownerValues(path, stats, owners) };
  const writable = (stats.mode & WRITABLE_BY_OTHERS) !== 0;
  if (!writable || (!last && (stats.mode & STICKY) !== 0)) return null;
  return { name: "folder-writable", values: { path, mode: modeOf(stats) } };
}

function readIn(folder: number, path: string, owners: readonly number[]): FileResult {
  const descriptor = openSync(`/proc/self/fd/${folder}/${basename(path)}`, OPEN_FILE);
  try {
    const stats = fstatSync(descriptor);
    const problem = judgeFile(path, stats, owners);
    if (problem !== null) return refuse(problem);
    const { mode, dev, ino, size, ctimeNs } = fstatSync(descriptor, { bigint: true });
    return readAll(descriptor, { mode: Number(mode), dev, ino, size, ctimeNs });
  } finally {
    closeSync(descriptor);
  }
}

function judgeFile(path: string, stats: Stats, owners: readonly number[]): FileProblem | null {
  if (!stats.isFile()) return { name: "file-not-regular", values: { path, kind: kindOf(stats) } };
  if (!owners.includes(stats.uid))
    return { name: "file-owner", values: ownerValues(path, stats, owners) };
  if ((stats.mode & WRITABLE_BY_OTHERS) !== 0)
    return { name: "file-writable", values: { path, mode: modeOf(stats) } };
  if (stats.size > POLICY_BYTES_MAX)
    return { name: "file-too-large", values: { size: stats.size, limit: POLICY_BYTES_MAX } };
  return null;
}

/** Room for the longest file and one byte; files are read one at a time. */
let scratch: Buffer | null = null;

/** Reads to the end; while the owner writes, the size may differ from fstat's. */
function readAll(descriptor: number, identity: FileIdentity): FileResult {
  scratch ??= Buffer.alloc(POLICY_BYTES_MAX + 1);
  const buffer = scratch;
  let length = 0;
  while (length < buffer.length) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, length);
    if (count === 0)
      return { outcome: "read", bytes: Uint8Array.from(buffer.subarray(0, length)), identity };
    length += count;
  }
  return refuse({ name: "file-too-large", values: { size: length, limit: POLICY_BYTES_MAX } });
}

function failure(error: unknown, path: string): FileResult {
  const code = error instanceof Error && "code" in error ? String(error.code) : null;
  if (code === null) throw error;
  if (code === "ENOENT") return { outcome: "absent" };
  if (code === "ELOOP") return refuse({ name: "file-symlink", values: { path } });
  if (code === "ENXIO")
    return refuse({ name: "file-not-regular", values: { path, kind: "socket" } });
  return refuse({ name: "file-unreadable", values: { path, reason: code } });
}

function refuse(problem: FileProblem): {
  readonly outcome: "refused";
  readonly problem: FileProblem;
} {
  return { outcome: "refused", problem };
}

function ownerValues(
  path: string,
  stats: Stats,
  owners: readonly number[],
): { path: string; uid: number; trusted: string } {
  return { path, uid: stats.uid, trusted: String(owners[owners.length - 1] ?? 0) };
}

function modeOf(stats: Stats): string {
  return (stats.mode & MODE_BITS).toString(8).padStart(4, "0");
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "directory";
  if (stats.isFIFO()) return "pipe";
  return stats.isSocket() ? "socket" : "device";
}
