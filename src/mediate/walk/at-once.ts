import { quick } from "../../kernel/quick.ts";
import { openHow } from "../../kernel/structs.ts";
import { abi, E } from "../sys/abi.ts";
import { type Bytes, fstat, passing } from "../sys/sys.ts";
import { canonical, Place } from "./place.ts";
import type { PathArgument, WalkContext, Walked } from "./walk-context.ts";

/** RESOLVE_CACHED: the lookup never blocks. */
const OPENED = BigInt(abi.O_PATH | abi.O_CLOEXEC);
export const WITHOUT_LINKS = openHow.encode({
  flags: OPENED,
  resolve: BigInt(abi.RESOLVE_NO_SYMLINKS | abi.RESOLVE_CACHED),
});
/** Follows links below the target's root, except the magic links of procfs. */
const ALONG_LINKS = openHow.encode({
  flags: OPENED,
  resolve: BigInt(abi.RESOLVE_IN_ROOT | abi.RESOLVE_NO_MAGICLINKS | abi.RESOLVE_CACHED),
});

/** A place found this way has no directory: a lookup in it fails with EBADF. */
const NO_DIRECTORY = -1;

/**
 * The walk in one step. It handles paths whose links are all followed and that lead to an existing
 * object or to none. Returns null for other paths and other errors, which the full walk then finds.
 *
 * An absolute path without links is already the object's canonical name, where the target's root is
 * the view's; otherwise the kernel is asked for the name. The mediator's /proc/self would
 * mean another process than the target's, but it is a link, and so is never followed into procfs:
 * only magic links lead from procfs to another file system.
 */
export function atOnce(
  { text, start }: PathArgument,
  { target, mounts, follow, objectOnly }: WalkContext,
): Walked | null {
  if (follow !== "always" || !objectOnly || !isPlain(text)) return null;
  const absolute = text.startsWith("/");
  const path = absolute ? text.slice(1) : text;
  let named = absolute && target.hasRootOfView;
  let fd = target.keep(quick.openat2(start, passing(path), WITHOUT_LINKS));
  if (fd === -E.NOENT) return { kind: "error", errno: E.NOENT };
  if (fd === -E.LOOP && absolute) {
    fd = target.keep(quick.openat2(start, passing(path), ALONG_LINKS));
    named = false;
  }
  const stat = fd < 0 ? null : fstat(fd);
  if (stat === null || typeof stat === "number" || mounts.kind(stat.mount) !== "local") return null;
  const name = named ? text : canonical(fd);
  if (typeof name === "number") return null;
  const last = text.slice(text.lastIndexOf("/") + 1);
  const found = { directory: NO_DIRECTORY, last, slash: false, object: { fd, stat }, links: [] };
  return { kind: "place", place: new Place(found, name) };
}

/**
 * Whether a path is as the kernel would write it: no empty component, no `.`, no `..`, no final
 * slash.
 */
export function isPlain(path: Bytes): boolean {
  if (path.endsWith("/") || path.includes("//")) return false;
  // Nearly no component begins with a dot.
  if (!path.startsWith(".") && !path.includes("/.")) return true;
  return !/(^|\/)\.\.?(\/|$)/.test(path);
}
