import { E2BIG } from "../../kernel/constants.ts";
import { Permission, type PermissionName } from "../../model/permission.ts";
import { abi, E } from "../abi.ts";
import type { Call } from "../call.ts";
import { error, type Outcome } from "../outcome.ts";
import type { Follow, PathArgument } from "../walk.ts";

export interface OpenArguments {
  readonly path: PathArgument;
  readonly flags: number;
  readonly mode: number;
  readonly follow: Follow;
  /** O_TMPFILE: a file without a name. */
  readonly temporary: boolean;
  /** The name is made if it is absent. */
  readonly creates: boolean;
}

/** struct open_how (openat2(2)): flags, mode, resolve, eight bytes each. */
const HOW_BYTES = 24;

/** Of open, creat, openat, openat2; an error where the kernel has one for them too. */
export function readArguments(call: Call): OpenArguments | Outcome {
  switch (call.name) {
    case "open":
      return of(call.path(null, 0), call.int(1), call.unsigned(2));
    case "creat":
      return of(call.path(null, 0), abi.O_CREAT | abi.O_WRONLY | abi.O_TRUNC, call.unsigned(1));
    case "openat":
      return of(call.path(0, 1), call.int(2), call.unsigned(3));
    default:
      return readHow(call);
  }
}

/** Flags and mode of a copy. Whoever asks for RESOLVE_* must do without it where that is not supported: ENOSYS, as on an older kernel. */
function readHow(call: Call): OpenArguments | Outcome {
  if (call.word(3) < BigInt(HOW_BYTES)) return error(E.INVAL);
  if (call.word(3) > BigInt(HOW_BYTES)) return error(E2BIG);
  const how = call.target.memory.read(call.word(2), HOW_BYTES);
  if (how.readBigUInt64LE(16) !== 0n) return call.rehearses ? plain(call, how) : error(E.NOSYS);
  return plain(call, how);
}

function plain(call: Call, how: Buffer): OpenArguments | Outcome {
  const [flags, mode] = [how.readBigUInt64LE(0), how.readBigUInt64LE(8)];
  // Stricter than open: a mode without a file to be made is a mistake (openat2(2)).
  const makes = (Number(flags & 0x7fff_ffffn) & (abi.O_CREAT | (abi.O_TMPFILE & ~abi.O_DIRECTORY))) !== 0;
  if (flags > 0x7fff_ffffn || mode > (makes ? 0o7777n : 0n)) return error(E.INVAL);
  return of(call.path(0, 1), Number(flags), Number(mode));
}

function of(path: PathArgument, flags: number, mode: number): OpenArguments {
  const temporary = (flags & abi.O_TMPFILE) === abi.O_TMPFILE;
  const creates = !temporary && (flags & (abi.O_CREAT | abi.O_PATH | abi.O_DIRECTORY)) === abi.O_CREAT;
  const follow = flags & abi.O_NOFOLLOW || (flags & abi.O_EXCL && creates) ? "before-slash" : "always";
  return { path, flags, mode, follow, temporary, creates };
}

/** Whoever executes a set-id file gets the daemon's identity, inside the domain or outside. */
export function setsId({ flags, mode, temporary }: OpenArguments): boolean {
  return (temporary || (flags & abi.O_CREAT) !== 0) && (mode & (abi.S_ISUID | abi.S_ISGID)) !== 0;
}

/** The truncate right of a descriptor is fixed by who opens it: one that may write is given only where `w` is granted. */
export function accesses(flags: number): PermissionName[] {
  const mode = flags & abi.O_ACCMODE;
  const wanted: PermissionName[] = [];
  if (mode !== abi.O_WRONLY) wanted.push("read");
  if (mode !== 0 || (flags & abi.O_TRUNC) !== 0) wanted.push("write");
  return wanted;
}

/** The first of `wanted` that the set lacks. */
export function missing(set: number, wanted: readonly PermissionName[]): PermissionName | null {
  return wanted.find((name) => (set & Permission[name]) === 0) ?? null;
}
