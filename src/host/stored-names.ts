import { readFileSync } from "node:fs";
import { parentsOf } from "../base/parents.ts";
import { STORING } from "../kernel/file-systems.ts";
import { mountsIn } from "../kernel/mountinfo.ts";
import { unlessGone } from "../kernel/unless-gone.ts";

/**
 * Which names of a process's view lie on file systems that answer by themselves
 * ({@link STORING}). A network or user-space file system may never answer, and reports no changes
 * that are made elsewhere. Reading the table of mounts asks none of them. null if the process has
 * ended.
 */
export function storedNames(pid: number): ((path: string) => boolean) | null {
  const text = unlessGone(() => readFileSync(`/proc/${pid}/mountinfo`, "utf8"));
  if (text === null) return null;
  // The last mount on a point hides the others.
  const mounts = new Map(mountsIn(text).map(({ point, type }) => [point, type]));
  return (path) => isStored(mounts, path);
}

/** A mount above a slow one may hide it, and then counts as slow, too. */
function isStored(mounts: ReadonlyMap<string, string>, path: string): boolean {
  return [path, ...parentsOf(path), "/"].every((point) => {
    const type = mounts.get(point);
    return type === undefined || STORING.has(type);
  });
}
