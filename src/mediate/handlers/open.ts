import { Permission, type PermissionName } from "../../model/permission.ts";
import { abi, E } from "../abi.ts";
import type { Call } from "../call.ts";
import { denyName } from "../deny.ts";
import { type Handler, right } from "../handler.ts";
import { OPEN_ATTEMPTS_MAX } from "../limits.ts";
import { CONTINUE, error, never, type Outcome, unable } from "../outcome.ts";
import type { Place } from "../place.ts";
import { c, close, fstat, openat, openPath, sameObject, self, shown, sys } from "../sys.ts";
import type { PathArgument } from "../walk.ts";

interface OpenArguments {
  readonly path: PathArgument;
  readonly flags: number;
  readonly mode: number;
}

/**
 * open, creat, openat that may make a file; openat2 is absent, since its flags and mode lie in memory. The mediator makes a file only with O_EXCL, so that it never opens what
 * somebody else put there meanwhile; a file that is there already is opened through the descriptor on which it was judged.
 */
export const open: Handler = {
  continueIsSafe: (call) => call.broker.grants.kernelHandles(right.makeRegular | right.readFile | right.writeFile),

  answer(call) {
    const asked = readArguments(call);
    const temporary = (asked.flags & abi.O_TMPFILE) === abi.O_TMPFILE;
    const creates = temporary || (asked.flags & (abi.O_CREAT | abi.O_PATH | abi.O_DIRECTORY)) === abi.O_CREAT;
    if ((temporary || (asked.flags & abi.O_CREAT) !== 0) && (asked.mode & (abi.S_ISUID | abi.S_ISGID)) !== 0)
      return never(E.PERM, "create with set-id bits", shown(asked.path.text));
    if (!creates) return CONTINUE;
    return call.asTarget(() => (temporary ? openTemporary(call, asked) : openNamed(call, asked)));
  },
};

function readArguments(call: Call): OpenArguments {
  switch (call.name) {
    case "open":
      return { path: call.path(null, 0), flags: call.int(1), mode: call.unsigned(2) };
    case "creat":
      return {
        path: call.path(null, 0),
        flags: abi.O_CREAT | abi.O_WRONLY | abi.O_TRUNC,
        mode: call.unsigned(1),
      };
    default:
      return { path: call.path(0, 1), flags: call.int(2), mode: call.unsigned(3) };
  }
}

function openNamed(call: Call, asked: OpenArguments): Outcome {
  for (let attempt = 0; attempt < OPEN_ATTEMPTS_MAX; attempt++) {
    const walked = call.walk(asked.path, asked.flags & (abi.O_NOFOLLOW | abi.O_EXCL) ? "before-slash" : "always");
    // All that is left here gives an error or an existing object: Landlock decides on it.
    if (walked.kind !== "place" || walked.place.slash || walked.place.last === ".") return CONTINUE;
    const { place } = walked;
    if (call.broker.grants.kernelCreates(place.name)) return CONTINUE;
    const outcome = place.object === null ? make(call, asked, place) : openExisting(call, asked, place);
    if (outcome !== "again") return outcome;
  }
  return unable(E.AGAIN, call.name, shown(asked.path.text));
}

function make(call: Call, asked: OpenArguments, place: Place): Outcome | "again" {
  const lacking = missing(call.broker.grants.of(place.name), ["create", ...accesses(asked.flags)]);
  if (lacking !== null) return denyName(lacking, place.name);
  // O_EXCL follows no link either; O_NOFOLLOW would show in the target's F_GETFL.
  const flags = (asked.flags & ~abi.O_TRUNC) | abi.O_CREAT | abi.O_EXCL;
  const fd = call.effect(() => openat(place.directory, place.last, flags, asked.mode));
  if (fd === -E.EXIST && (asked.flags & abi.O_EXCL) === 0) return "again";
  if (fd < 0) return error(-fd);
  const undo = (): void => call.asTarget(() => remove(place, fd));
  return { kind: "descriptor", fd, closeOnExec: (asked.flags & abi.O_CLOEXEC) !== 0, undo };
}

/** Takes away the file that was made, if it still has the name it was made by. */
function remove({ directory, last }: Place, made: number): void {
  const found = openPath(directory, last);
  if (found < 0) return;
  const [there, own] = [fstat(found), fstat(made)];
  close(found);
  if (typeof there !== "number" && typeof own !== "number" && sameObject(there, own))
    sys("unlinkat", directory, c(last), 0);
}

/**
 * A file made after the start is in no Landlock rule, although its name is granted: the mediator opens it. Everything else is left to Landlock;
 * also what proc_sys_fs(5) protected_regular forbids, since it looks at O_CREAT, which a reopening cannot have.
 */
function openExisting(call: Call, asked: OpenArguments, place: Place): Outcome | "again" {
  const { object } = place;
  if (object === null || object.stat.type !== abi.S_IFREG || (asked.flags & abi.O_EXCL) !== 0) return CONTINUE;
  if (missing(call.broker.grants.of(place.name), accesses(asked.flags)) !== null) return CONTINUE;
  if (inSharedDirectory(call, place)) return CONTINUE;
  const flags = asked.flags & ~(abi.O_CREAT | abi.O_NOFOLLOW);
  return given(
    call.effect(() => openat(abi.AT_FDCWD, self(object.fd), flags)),
    asked.flags,
  );
}

function inSharedDirectory(call: Call, place: Place): boolean {
  const walked = call.walk({ text: ".", start: place.directory }, "never");
  if (walked.kind !== "place" || walked.place.object === null || place.object === null) return true;
  const { mode, uid } = walked.place.object.stat;
  const owner = place.object.stat.uid;
  return (mode & abi.S_ISVTX) !== 0 && (mode & 0o022) !== 0 && owner !== call.target.credentials.fsuid && owner !== uid;
}

/** A nameless file: whatever it could be called in that directory must be granted. O_EXCL keeps it nameless for ever. */
function openTemporary(call: Call, asked: OpenArguments): Outcome {
  const walked = call.walk(asked.path, "always");
  if (walked.kind !== "place" || walked.place.object?.stat.type !== abi.S_IFDIR) return CONTINUE;
  const { place } = walked;
  const { object } = place;
  if (object === null || call.broker.grants.kernelCreates(`${place.name}/`)) return CONTINUE;
  const lacking = missing(call.broker.grants.below(place.name), ["create", ...accesses(asked.flags)]);
  if (lacking !== null) return denyName(lacking, `${place.name}/`);
  const flags = (asked.flags & ~abi.O_NOFOLLOW) | abi.O_EXCL;
  return given(
    call.effect(() => openat(object.fd, ".", flags, asked.mode)),
    asked.flags,
  );
}

/** The truncate right of a descriptor is fixed by who opens it: one that may write is given only where `w` is granted. */
function accesses(flags: number): PermissionName[] {
  const mode = flags & abi.O_ACCMODE;
  const wanted: PermissionName[] = [];
  if (mode !== abi.O_WRONLY) wanted.push("read");
  if (mode !== 0 || (flags & abi.O_TRUNC) !== 0) wanted.push("write");
  return wanted;
}

/** The first of `wanted` that the set lacks. */
function missing(set: number, wanted: readonly PermissionName[]): PermissionName | null {
  return wanted.find((name) => (set & Permission[name]) === 0) ?? null;
}

function given(fd: number, flags: number): Outcome {
  return fd < 0 ? error(-fd) : { kind: "descriptor", fd, closeOnExec: (flags & abi.O_CLOEXEC) !== 0 };
}
