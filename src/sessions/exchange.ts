import { chmodSync, chownSync, fstatSync, mkdirSync, type Stats } from "node:fs";
import { join } from "node:path";
import { PRIVATE_FOLDER } from "../base/modes.ts";
import type { PasswdEntry } from "../compile/accounts.ts";
import { HostError } from "../host/host-error.ts";
import { makeFolder, modesFor } from "../host/write-whole.ts";
import { close, hasCode } from "../kernel/ffi.ts";
import { openWithin } from "../kernel/open-within.ts";

const OWNERS_ALONE = PRIVATE_FOLDER;

/**
 * The home directory of a user's sandboxed shells, made if it is missing. Only the user can write
 * to it. Only root can write to its parent, so the name keeps referring to this directory.
 * @throws HostError if another user owns it, or something is mounted on it
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
      `${folder} belongs to another user`,
      "remove it, or give it to the user whose name it has",
    );
  return folder;
}

/**
 * null if `name` does not exist. The user may have mounted a file system of their own on it, which
 * may never answer, so the lookup does not cross a mount.
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
      `${join(root, name)} is a mount or a symbolic link`,
      "unmount or remove what is there",
    );
  }
}
