import { lstatSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { hasCode } from "../../kernel/errno-error.ts";
import { bytesOfName } from "../../model/name-bytes.ts";
import type { Names } from "./request.ts";

/** The names on this host, as the caller sees them. */
export const hostNames: Names = {
  canonical(path, follow) {
    const plain = resolve(path);
    return follow ? canonicalOf(plain) : join(canonicalOf(dirname(plain)), basename(plain));
  },
  isDirectory: (path) => statOf(path)?.isDirectory() ?? false,
  exists: (path) => statOf(path) !== null,
  inode(path) {
    const stats = statOf(path);
    return stats === null ? null : `${stats.dev}:${stats.ino}`;
  },
};

/** Who may use what is there, by its mode and owner; null for what the caller cannot see. */
export function statusOf(path: string) {
  const stats = statOf(path);
  if (stats === null) return null;
  return { mode: Number(stats.mode), uid: Number(stats.uid), gid: Number(stats.gid) };
}

/** Follows links as far as names exist, and appends the missing rest. */
function canonicalOf(path: string): string {
  if (path === "/") return path;
  try {
    return realpathSync(path);
  } catch (error) {
    if (!hasCode(error, ...unreachable)) throw error;
    return join(canonicalOf(dirname(path)), basename(path));
  }
}

const unreachable = ["ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG"];

function statOf(path: string) {
  // A system call would take only the part before a NUL.
  if (path.includes("\0")) return null;
  try {
    return lstatSync(Buffer.from(bytesOfName(path)), { bigint: true });
  } catch (error) {
    if (hasCode(error, ...unreachable)) return null;
    throw error;
  }
}
