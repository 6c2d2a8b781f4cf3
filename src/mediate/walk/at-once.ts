import { quick } from "../../kernel/quick.ts";
import { openHow } from "../../kernel/structs.ts";
import { abi, E } from "../sys/abi.ts";
import { type Bytes, fstat, passing } from "../sys/sys.ts";
import { canonical, Place } from "./place.ts";
import type { PathArgument, WalkContext, Walked } from "./walk-context.ts";

/** Nothing that could block is done (RESOLVE_CACHED). */
const OPENED = BigInt(abi.O_PATH | abi.O_CLOEXEC);
const WITHOUT_LINKS = openHow.encode({
  flags: OPENED,
  resolve: BigInt(abi.RESOLVE_NO_SYMLINKS | abi.RESOLVE_CACHED),
});
/** Links are followed below the target's root, but for those of procfs that jump. */
const ALONG_LINKS = openHow.encode({
  flags: OPENED,
  resolve: BigInt(abi.RESOLVE_IN_ROOT | abi.RESOLVE_NO_MAGICLINKS | abi.RESOLVE_CACHED),
});

/** Nothing is looked up by name where an object was found so: whoever tries gets EBADF. */
const NO_DIRECTORY = -1;

/**
 * The walk in one step, for a path whose links are all followed and that leads to an object which
 * is there, or to none; null for all others and for every other error, which the walk then finds by
 * itself.
 *
 * An absolute path without links is the kernel's own name of the object, where the target's root is
 * the mediator's; else the kernel is asked for that. On the way /proc/self would mean the mediator,
 * but it is a link, and from procfs only links that jump lead to another file system.
 */
export function atOnce(
  { text, start }: PathArgument,
  { target, mounts, follow, objectOnly }: WalkContext,
): Walked | null {
  if (follow !== "always" || !objectOnly || !isPlain(text)) return null;
  const absolute = text.startsWith("/");
  const path = absolute ? text.slice(1) : text;
  let named = absolute && target.hasOwnRoot;
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

/** As the kernel would write it: no empty component, no `.`, no `..`, no slash behind it. */
export function isPlain(path: Bytes): boolean {
  if (path.endsWith("/") || path.includes("//")) return false;
  // Nearly no component begins with one.
  if (!path.startsWith(".") && !path.includes("/.")) return true;
  return !/(^|\/)\.\.?(\/|$)/.test(path);
}
