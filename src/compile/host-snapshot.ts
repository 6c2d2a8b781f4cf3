import { type BigIntStats, lstatSync, readdirSync, readlinkSync, statfsSync } from "node:fs";
import { SET_USER_OR_GROUP_ID, STICKY, WRITABLE_BY_ALL } from "../base/modes.ts";
import { PROC_SUPER_MAGIC } from "../kernel/constants.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { bytesOfName, nameOfBytes } from "../model/name-bytes.ts";
import type { Snapshot, SnapshotNode } from "../model/snapshot.ts";
import type { NameFact } from "../plan/plan.ts";

/**
 * Limit on the names of a directory; a larger directory cannot be expanded and counts as
 * unreadable.
 */
const DIRECTORY_ENTRIES_MAX = 1_000_000;

const ABSENT = ["ENOENT", "ENOTDIR"];

/**
 * lstat errors for a name that this caller cannot use now, even if it exists: no right to search a
 * folder above it, a loop of links, or a file system whose server is gone.
 */
const UNREACHABLE = [
  ...["EACCES", "ELOOP", "ENAMETOOLONG"],
  ...["EHOSTDOWN", "EIO", "ENOTCONN", "ESTALE", "ETIMEDOUT"],
];

/**
 * A snapshot that also returns the lstat behind each answer: facts about a name must be of that
 * very lstat.
 */
export interface HostSnapshot extends Snapshot {
  look(path: string): Look;
}

export interface Look {
  readonly node: SnapshotNode | null;
  /** @throws lstat's error, unless it means that there is a node or none */
  readonly fact: () => NameFact;
}

/**
 * The real host, as the caller sees it: lstat and readdir of the moment. Only which file systems
 * are procfs is cached. Names that are not UTF-8 are spelled as in `name-bytes.ts`. `root`: a
 * directory in place of `/`, without a slash at its end. Canonical names have no link on the way,
 * so the kernel follows none out of it.
 */
export function hostSnapshot(root = ""): HostSnapshot {
  const procfs = new Map<bigint, boolean>();
  const below = Buffer.from(bytesOfName(root));
  const bytesOf = (path: string): Buffer =>
    below.length === 0 ? Buffer.from(bytesOfName(path)) : Buffer.concat([below, bytesOfName(path)]);

  const onProcfs = (path: Buffer, { dev }: BigIntStats, symlink: boolean): boolean => {
    const known = procfs.get(dev);
    if (known !== undefined) return known;
    // statfs follows a link. A link's own file system is that of its directory, which is looked at
    // itself.
    if (symlink) return false;
    const answer = statfsSync(path).type === PROC_SUPER_MAGIC;
    procfs.set(dev, answer);
    return answer;
  };

  const look = (path: string): Look => {
    // A name contains no NUL: a system call would take only what is before it.
    if (path.includes("\0")) return { node: null, fact: () => ({ kind: "absent", path }) };
    const bytes = bytesOf(path);
    const found = lstatOf(bytes);
    if (found === null || found instanceof Error)
      return { node: null, fact: () => factOf(path, found) };
    const kind = kindOf(found);
    const node = {
      kind,
      inode: `${found.dev}:${found.ino}`,
      target: kind === "symlink" ? nameOfBytes(readlinkSync(bytes, "buffer")) : null,
      procfs: onProcfs(bytes, found, kind === "symlink"),
      ...(kind === "directory" && isOpenToAll(found) ? { othersMayWrite: true } : {}),
      ...(isForeign(kind, found) ? { foreign: true } : {}),
      ...(kind === "file" && isSetUserId(found) ? { setUserId: true } : {}),
    };
    return { node, fact: () => factOf(path, found) };
  };

  return {
    look,
    lookup: (path) => look(path).node,
    list(path) {
      try {
        const names = readdirSync(bytesOf(path), { encoding: "buffer" });
        return names.length > DIRECTORY_ENTRIES_MAX ? null : names.map(nameOfBytes).sort();
      } catch (error) {
        // In an unreadable directory this caller cannot be granted single names.
        if (hasCode(error, ...ABSENT, ...UNREACHABLE, "EPERM")) return null;
        throw error;
      }
    },
  };
}

/**
 * Names in a folder with the sticky bit belong each to their owner, as in /tmp. Members of a group
 * that may write a folder can only make links of their own there.
 */
function isForeign(kind: SnapshotNode["kind"], found: BigIntStats): boolean {
  if (kind !== "symlink" && kind !== "directory") return false;
  const isTrusted = found.uid === 0n || found.uid === BigInt(process.geteuid?.() ?? 0);
  const isSticky = (found.mode & BigInt(STICKY)) !== 0n;
  return !isTrusted || (kind === "directory" && isOpenToAll(found) && !isSticky);
}

function isSetUserId({ mode }: BigIntStats): boolean {
  return (mode & BigInt(SET_USER_OR_GROUP_ID)) !== 0n;
}

function isOpenToAll({ mode }: BigIntStats): boolean {
  return (mode & BigInt(WRITABLE_BY_ALL)) !== 0n;
}

function factOf(path: string, found: BigIntStats | Error | null): NameFact {
  if (found === null) return { kind: "absent", path };
  if (found instanceof Error) throw found;
  const { mode, dev, ino, size, ctimeNs } = found;
  return { kind: "node", path, mode: Number(mode), dev, ino, size, ctimeNs };
}

/**
 * null for a missing name; an error for one that this caller cannot look at, which counts as
 * missing.
 */
function lstatOf(path: Buffer): BigIntStats | Error | null {
  try {
    // Missing names are common here, and an exception for each would cost more than the call.
    return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if (hasCode(error, ...ABSENT)) return null;
    if (hasCode(error, ...UNREACHABLE)) return error;
    throw error;
  }
}

function kindOf(stats: BigIntStats): SnapshotNode["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isFIFO()) return "fifo";
  return stats.isSocket() ? "socket" : "device";
}
