import { chmodSync, chownSync, lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { PasswdEntry } from "../compile/accounts.ts";
import { HostError } from "../host/host-error.ts";
import { makeFolder, modesFor } from "../host/write-whole.ts";

const OWNERS_ALONE = 0o700;

/**
 * The home of a user's sandboxed shells, made where it is missing: nobody's but the user's, in a folder that is root's, so that the name stays with the object.
 * @throws HostError where it is somebody else's
 */
export function exchangeFolder(root: string, { name, uid, gid }: PasswdEntry): string {
  makeFolder(root, modesFor(0));
  const folder = join(root, name);
  if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) {
    mkdirSync(folder, { mode: OWNERS_ALONE });
    chmodSync(folder, OWNERS_ALONE);
    chownSync(folder, uid, gid);
  }
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== uid)
    throw new HostError(`${folder} belongs to somebody else`, "remove it, or give it to the user whose name it has");
  return folder;
}
