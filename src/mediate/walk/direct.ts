import { quick } from "../../kernel/quick.ts";
import { openHow } from "../../kernel/structs.ts";
import { abi, E } from "../sys/abi.ts";
import { type Bytes, fstat, openPath, passing } from "../sys/sys.ts";
import { isPlain } from "./at-once.ts";
import { Place } from "./place.ts";
import type { PathArgument, WalkContext } from "./walk-context.ts";

/** O_PATH, follows no link, and never blocks (RESOLVE_CACHED). */
const HOW = openHow.encode({
  flags: BigInt(abi.O_PATH | abi.O_NOFOLLOW | abi.O_DIRECTORY | abi.O_CLOEXEC),
  resolve: BigInt(abi.RESOLVE_NO_MAGICLINKS | abi.RESOLVE_NO_SYMLINKS | abi.RESOLVE_CACHED),
});

/**
 * The walk in one step, for a path whose directories are in the kernel's cache and contain no link
 * and no `..`. Without links, every component means the same to the mediator as to the target.
 * Returns null for other paths and for every error, which the full walk then finds.
 */
export function direct(path: PathArgument, { target, mounts, follow }: WalkContext): Place | null {
  const { text } = path;
  const cut = text.lastIndexOf("/");
  const last = text.slice(cut + 1);
  const parents = text.startsWith("/")
    ? text.slice(1, Math.max(cut, 1))
    : text.slice(0, Math.max(cut, 0));
  if (last === "" || last === "." || last === ".." || parents.startsWith("/") || dotted(parents))
    return null;
  const directory =
    parents === "" ? path.start : target.keep(quick.openat2(path.start, passing(parents), HOW));
  if (directory < 0) return null;
  const name = text.startsWith("/") && target.hasRootOfView && isPlain(text) ? text : null;
  const at = (holder: number, component: Bytes, object: Place["object"]): Place =>
    new Place({ directory: holder, last: component, slash: false, object, links: [] }, name);
  const holder = fstat(directory);
  if (
    typeof holder === "number" ||
    holder.type !== abi.S_IFDIR ||
    mounts.kind(holder.mount) !== "local"
  )
    return null;
  const fd = target.keep(openPath(directory, last));
  if (fd < 0) return fd === -E.NOENT ? at(directory, last, null) : null;
  const stat = fstat(fd);
  if (typeof stat === "number") return null;
  if (stat.type === abi.S_IFLNK && follow === "always") return null;
  if (stat.mount !== holder.mount && mounts.kind(stat.mount) !== "local") return null;
  return at(directory, last, { fd, stat });
}

function dotted(parents: Bytes): boolean {
  return parents.includes("..") && parents.split("/").includes("..");
}
