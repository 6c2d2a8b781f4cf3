import { type Dirent, readdirSync, realpathSync } from "node:fs";
import { nameOfBytes } from "../model/name-bytes.ts";

/** What exists on a host; tests have their own. */
export interface Tree {
  readonly exists: (path: string) => boolean;
  /**
   * Names below a folder, without it and without following links; null if there are more than
   * `max`, if the folder cannot be read, or if a link leads to it.
   */
  readonly below: (folder: string, max: number) => readonly string[] | null;
}

/** Names below a folder of this host. */
export function namesBelowFolder(folder: string, max: number): readonly string[] | null {
  if (!isItself(folder)) return null;
  const found: string[] = [];
  const folders = [folder];
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    const entries = entriesOf(at);
    if (entries === null) {
      if (at === folder) return null;
      continue;
    }
    for (const entry of entries) {
      const path = `${at === "/" ? "" : at}/${nameOfBytes(entry.name)}`;
      if (found.length >= max) return null;
      found.push(path);
      if (entry.isDirectory()) folders.push(path);
    }
  }
  return found;
}

/** A daemon may have put a link in the place of a folder since it used names in there. */
function isItself(folder: string): boolean {
  try {
    return realpathSync.native(folder) === folder;
  } catch {
    return false;
  }
}

/** null for a folder that is gone, or that the caller may not read. */
function entriesOf(folder: string): readonly Dirent<Buffer>[] | null {
  try {
    return readdirSync(folder, { withFileTypes: true, encoding: "buffer" });
  } catch {
    return null;
  }
}
