import type { Snapshot } from "../../model/snapshot.ts";

/** Symbolic links followed for one name; the kernel's MAXSYMLINKS. */
const LINKS_MAX = 40;

export type Followed =
  | { readonly outcome: "found"; readonly path: string; readonly directory: boolean }
  /** `folder` is there (canonical), `name` in it is not; `rest` would follow. */
  | { readonly outcome: "missing"; readonly folder: string; readonly name: string; readonly rest: readonly string[] }
  | { readonly outcome: "loop" };

/** Where a name leads on this host, symbolic links followed to the end. */
export function follow(name: string, snapshot: Snapshot): Followed {
  let folder = "/";
  let rest = name.split("/").filter((part) => part !== "");
  let links = 0;
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    if (part === ".") continue;
    if (part === "..") {
      folder = folder.slice(0, Math.max(1, folder.lastIndexOf("/")));
      continue;
    }
    const path = folder === "/" ? `/${part}` : `${folder}/${part}`;
    const node = snapshot.lookup(path);
    if (node === null) return { outcome: "missing", folder, name: part, rest };
    if (node.kind !== "symlink") folder = path;
    else {
      if (++links > LINKS_MAX) return { outcome: "loop" };
      const target = node.target ?? "";
      if (target.startsWith("/")) folder = "/";
      rest = [...target.split("/").filter((piece) => piece !== ""), ...rest];
    }
  }
  return { outcome: "found", path: folder, directory: folder === "/" || snapshot.lookup(folder)?.kind === "directory" };
}
