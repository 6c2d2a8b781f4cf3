import { resolveLinks } from "../model/resolve-links.ts";
import type { Snapshot } from "../model/snapshot.ts";

/** What exists on a host. */
export interface Tree {
  readonly exists: (path: string) => boolean;
  /** Whether a file makes whoever executes it another user, or a member of another group. */
  readonly isSetUserId: (path: string) => boolean;
  /**
   * Names below a folder, without it and without following links; null if there are more than
   * `max`, if the folder cannot be read, or if a link leads to it: a daemon may have put one in its
   * place since it used names in there.
   */
  readonly below: (folder: string, max: number) => readonly string[] | null;
}

export function treeOf(snapshot: Snapshot): Tree {
  return {
    exists: (path) => snapshot.lookup(path) !== null,
    isSetUserId: (path) => snapshot.lookup(path)?.setUserId === true,
    below(folder, max) {
      if (resolveLinks(folder, snapshot) !== folder || snapshot.list(folder) === null) return null;
      const found: string[] = [];
      const folders = [folder];
      for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
        // A folder below that cannot be read counts as one name.
        for (const name of snapshot.list(at) ?? []) {
          if (found.length >= max) return null;
          const path = `${at === "/" ? "" : at}/${name}`;
          found.push(path);
          if (snapshot.lookup(path)?.kind === "directory") folders.push(path);
        }
      }
      return found;
    },
  };
}
