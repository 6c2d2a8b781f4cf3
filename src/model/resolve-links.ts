import { LINKS_FOLLOWED_MAX } from "./limits.ts";
import type { Snapshot } from "./snapshot.ts";

/** `link` is the link at which following ended. */
export type ResolvedName =
  | { readonly kind: "name"; readonly path: string; readonly followed: boolean }
  | { readonly kind: "loop"; readonly link: string }
  | { readonly kind: "forbidden"; readonly link: string };

/**
 * Follows the symbolic links of a name as path_resolution(7) does. Missing names, and everything
 * after them, stay as written. Links on procfs are not followed, because they lead elsewhere for
 * each process.
 *
 * @param last whether a link in the last component is followed too
 * @param mayFollow asked for each link by its own canonical name
 */
export function resolveName(
  written: string,
  snapshot: Snapshot,
  last: boolean,
  mayFollow: (link: string) => boolean = () => true,
): ResolvedName {
  const rest = componentsOf(written).reverse();
  const done: string[] = [];
  let links = 0;
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    if (name === "..") {
      done.pop();
      continue;
    }
    const path = `/${[...done, name].join("/")}`;
    const node = snapshot.lookup(path);
    if (
      node?.kind !== "symlink" ||
      node.target === null ||
      node.procfs ||
      (!last && rest.length === 0)
    ) {
      done.push(name);
      continue;
    }
    if (!mayFollow(path)) return { kind: "forbidden", link: path };
    if (++links > LINKS_FOLLOWED_MAX) return { kind: "loop", link: path };
    if (node.target.startsWith("/")) done.length = 0;
    rest.push(...componentsOf(node.target).reverse());
  }
  return { kind: "name", path: `/${done.join("/")}`, followed: links > 0 };
}

/** null for a loop of links. */
export function resolveLinks(written: string, snapshot: Snapshot): string | null {
  const resolved = resolveName(written, snapshot, true);
  return resolved.kind === "name" ? resolved.path : null;
}

function componentsOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}
