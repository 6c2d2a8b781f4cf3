import { leaveNoPlace, namedElsewhere } from "../../answer/no-place.ts";
import { error, type Outcome } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { c, close, fstat, openat, openPath, sameObject, sys } from "../../sys/sys.ts";
import { canonical, type Place } from "../../walk/place.ts";
import type { Call } from "../call.ts";
import { lackingOf } from "./lacking.ts";
import { accesses, type OpenArguments, setOf } from "./open-arguments.ts";

/** `again`: another process made the name meanwhile. */
export function makeFile(call: Call, asked: OpenArguments, place: Place): Outcome | "again" {
  const { grants } = call.broker;
  const wanted = ["create", ...accesses(asked.flags)] as const;
  const refused = lackingOf(call, place.name, grants.of(place.name, setOf(wanted)), wanted);
  if (refused !== null) return refused;
  // O_EXCL follows no link either. O_NOFOLLOW stays visible in F_GETFL, which matters where the
  // mediator makes all opens.
  const flags = (asked.flags & ~abi.O_TRUNC) | abi.O_CREAT | abi.O_EXCL;
  const fd = call.effect(() => openat(place.directory, place.last, flags, asked.mode));
  if (fd === -E.EXIST && (asked.flags & abi.O_EXCL) === 0) return "again";
  if (fd < 0) return error(errnoOf(fd));
  const undo = (): void => call.asTarget(() => remove(place, fd));
  return given(fd, asked.flags, undo);
}

/** Only if it still has that name. */
function remove({ directory, last }: Place, made: number): void {
  const found = openPath(directory, last);
  if (found < 0) return;
  const [there, own] = [fstat(found), fstat(made)];
  close(found);
  if (typeof there !== "number" && typeof own !== "number" && sameObject(there, own))
    sys("unlinkat", directory, c(last), 0);
}

/**
 * Makes a nameless file (O_TMPFILE). Every name that it could get in that directory must be
 * granted. In a sealed domain it must stay nameless (O_EXCL) unless Landlock checks the link
 * itself. In a supervised domain the later link is judged.
 */
export function openTemporary(call: Call, asked: OpenArguments): Outcome {
  const outcome = call.asTarget((): Outcome | number => {
    const walked = call.walk(asked.path, asked.follow, {
      procfs: call.supervised ? "open" : "never",
      resolve: asked.resolve,
    });
    if (walked.kind === "descriptor" && call.supervised) return walked.number;
    if (walked.kind === "object") return makeNameless(call, asked, walked.fd);
    if (walked.kind !== "place") return leaveNoPlace(call, asked.path, walked);
    const { object } = walked.place;
    return object === null ? call.leave(error(E.NOENT)) : makeNameless(call, asked, object.fd);
  });
  if (typeof outcome !== "number") return outcome;
  const fd = call.target.linked(outcome);
  return fd < 0 ? error(errnoOf(fd)) : call.asTarget(() => makeNameless(call, asked, fd));
}

function makeNameless(call: Call, asked: OpenArguments, directory: number): Outcome {
  const stat = fstat(directory);
  if (typeof stat === "number" || stat.type !== abi.S_IFDIR) return call.leave(error(E.NOTDIR));
  const name = canonical(directory);
  if (typeof name === "number") return call.leave(error(name));
  const elsewhere = namedElsewhere(call, stat, name);
  if (elsewhere !== null) return call.leave(elsewhere);
  const madeByKernel = call.broker.grants.kernelCreates(`${name}/`);
  if (madeByKernel && !call.fallsBack) return call.leave(error(E.ACCES));
  const wanted = ["create", ...accesses(asked.flags)] as const;
  const granted = call.broker.grants.below(name, setOf(wanted));
  const refused = lackingOf(call, `${name}/`, granted, wanted);
  if (refused !== null) return refused;
  const mayBeLinked = call.supervised || madeByKernel;
  const flags = mayBeLinked ? asked.flags : asked.flags | abi.O_EXCL;
  const fd = call.effect(() => openat(directory, ".", flags, asked.mode));
  return fd < 0 ? error(errnoOf(fd)) : given(fd, asked.flags);
}

export function given(fd: number, flags: number, undo?: () => void): Outcome {
  const closeOnExec = (flags & abi.O_CLOEXEC) !== 0;
  return { kind: "descriptor", fd, closeOnExec, ...(undo === undefined ? {} : { undo }) };
}
