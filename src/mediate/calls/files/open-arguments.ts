import { Permission, type PermissionName, type PermissionSet } from "../../../model/permission.ts";
import { abi } from "../../sys/abi.ts";
import type { Follow, PathArgument } from "../../walk/walk-context.ts";

export interface OpenArguments {
  readonly path: PathArgument;
  readonly flags: number;
  readonly mode: number;
  readonly follow: Follow;
  /** O_TMPFILE: a file without a name. */
  readonly temporary: boolean;
  readonly creates: boolean;
  /** RESOLVE_* of openat2. */
  readonly resolve: number;
}

/** O_PATH and the flags that have an effect with it (open(2)). */
export const WITH_PATH = abi.O_PATH | abi.O_NOFOLLOW | abi.O_DIRECTORY | abi.O_CLOEXEC;

/** The kernel refuses these together (since 6.4). */
const MEANINGLESS = abi.O_CREAT | abi.O_DIRECTORY;
/** O_TMPFILE without the bits of O_DIRECTORY. */
export const NAMELESS = abi.O_TMPFILE & ~abi.O_DIRECTORY;

export function openArguments(
  path: PathArgument,
  given: number,
  mode: number,
  resolve = 0,
): OpenArguments {
  const flags = given & abi.O_PATH ? given & WITH_PATH : given;
  const temporary = (flags & abi.O_TMPFILE) === abi.O_TMPFILE;
  const creates = !temporary && (flags & (abi.O_CREAT | abi.O_DIRECTORY)) === abi.O_CREAT;
  const follow =
    flags & abi.O_NOFOLLOW || (flags & abi.O_EXCL && creates) ? "before-slash" : "always";
  return { path, flags, mode, follow, temporary, creates, resolve };
}

/** Whether open(2) refuses the flags before it looks at the path. */
export function isMistake(flags: number): boolean {
  if ((flags & MEANINGLESS) === MEANINGLESS) return true;
  if ((flags & NAMELESS) === 0) return false;
  return (flags & (abi.O_TMPFILE | abi.O_CREAT)) !== abi.O_TMPFILE || (flags & abi.O_ACCMODE) === 0;
}

/** A set-id file would give the daemon's identity to any process that executes it. */
export function setsId({ flags, mode, temporary }: OpenArguments): boolean {
  return (temporary || (flags & abi.O_CREAT) !== 0) && (mode & (abi.S_ISUID | abi.S_ISGID)) !== 0;
}

/** A writable descriptor can truncate, so it is given only if `w` is granted. */
export function accesses(flags: number): PermissionName[] {
  const mode = flags & abi.O_ACCMODE;
  const wanted: PermissionName[] = [];
  if (mode !== abi.O_WRONLY) wanted.push("read");
  if (mode !== 0 || (flags & abi.O_TRUNC) !== 0) wanted.push("write");
  return wanted;
}

export function setOf(names: readonly PermissionName[]): PermissionSet {
  return names.reduce((set, name) => set | Permission[name], 0);
}

export function allMissing(set: number, wanted: readonly PermissionName[]): PermissionName[] {
  return wanted.filter((name) => (set & Permission[name]) === 0);
}

export function missing(set: number, wanted: readonly PermissionName[]): PermissionName | null {
  return wanted.find((name) => (set & Permission[name]) === 0) ?? null;
}
