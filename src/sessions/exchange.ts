import { chmodSync, chownSync, fstatSync, mkdirSync, type Stats } from "node:fs";
import { join } from "node:path";
import type { PasswdEntry } from "../compile/accounts.ts";
import { HostError } from "../host/host-error.ts";
import { makeFolder, modesFor } from "../host/write-whole.ts";
import { close, hasCode } from "../kernel/ffi.ts";
import { openWithin } from "../kernel/open-within.ts";

const OWNERS_ALONE = 0o700;

/**
 * The home of a user's sandboxed shells, made if it is missing. Only the user may write it, and its
 * parent is root's, so that the name keeps referring to this object.
 * @throws HostError if another user owns it, or something is mounted there
 */
export function exchangeFolder(root: string, { name, uid, gid }: PasswdEntry): string {
  makeFolder(root, modesFor(0));
  const folder = join(root, name);
  if (statIn(root, name) === null) {
    mkdirSync(folder, { mode: OWNERS_ALONE });
    chmodSync(folder, OWNERS_ALONE);
    chownSync(folder, uid, gid);
  }
  const found = statIn(root, name);
  if (found?.isDirectory() !== true || found.uid !== uid)
    throw new HostError(
      `${folder} belongs to somebody else`,
      "remove it, or give it to the user whose name it has",
    );
  return folder;
}

/**
 * Null for what is not there. Its owner may mount a file system of his own on it, which may never
 * answer: that is not asked.
 */
function statIn(root: string, name: string): Stats | null {
  try {
    const fd = openWithin(root, name);
    try {
      return fstatSync(fd);
    } finally {
      close(fd);
    }
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    if (!hasCode(error, "EXDEV", "ELOOP")) throw error;
    throw new HostError(
      `${join(root, name)} is no folder of its own`,
      "unmount or remove what is there",
    );
  }
}
