import { resolveLinks } from "../../model/resolve-links.ts";
import type { Snapshot } from "../../model/snapshot.ts";

export type Followed =
  | { readonly outcome: "found"; readonly path: string; readonly directory: boolean }
  /** `folder` exists (canonical), `name` in it does not; `rest` would follow. */
  | {
      readonly outcome: "missing";
      readonly folder: string;
      readonly name: string;
      readonly rest: readonly string[];
    }
  | { readonly outcome: "loop" };

/** Symbolic links are followed to the end. */
export function follow(name: string, snapshot: Snapshot): Followed {
  const path = resolveLinks(name, snapshot);
  if (path === null) return { outcome: "loop" };
  const parts = path.split("/").filter((part) => part !== "");
  let folder = "/";
  for (const [at, part] of parts.entries()) {
    const next = folder === "/" ? `/${part}` : `${folder}/${part}`;
    if (snapshot.lookup(next) === null)
      return { outcome: "missing", folder, name: part, rest: parts.slice(at + 1) };
    folder = next;
  }
  return {
    outcome: "found",
    path,
    directory: path === "/" || snapshot.lookup(path)?.kind === "directory",
  };
}
