import { Permission } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import { leaveNoPlace } from "../../answer/no-place.ts";
import { CONTINUE, error, never, type Outcome, result } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { c, shown, sys } from "../../sys/sys.ts";
import type { Place } from "../../walk/place.ts";
import type { PathArgument } from "../../walk/walk-context.ts";
import type { Call } from "../call.ts";
import { type Handler, right } from "../handler.ts";

/** mkdir, mkdirat. */
export const mkdir: Handler = {
  continueIsSafe: (call) => call.broker.grants.kernelHandles(right.makeDirectory),
  answer(call) {
    const at = call.name === "mkdirat";
    const mode = call.unsigned(at ? 2 : 1);
    return make(call, call.path(at ? 0 : null, at ? 1 : 0), (place) =>
      sys("mkdirat", place.directory, c(place.lastAsGiven), mode),
    );
  },
};

/**
 * symlink, symlinkat. The link's text is not judged: a process that follows the link is judged by
 * where it leads.
 */
export const symlink: Handler = {
  continueIsSafe: (call) => call.broker.grants.kernelHandles(right.makeSymlink),
  answer(call) {
    const at = call.name === "symlinkat";
    const text = call.target.memory.string(call.word(0));
    return make(call, call.path(at ? 1 : null, at ? 2 : 1), (place) =>
      sys("symlinkat", c(text), place.directory, c(place.lastAsGiven)),
    );
  },
};

/**
 * mknod, mknodat: files, FIFOs and sockets. Devices are refused, even a character device 0:0 (a
 * whiteout), which Landlock treats as a file.
 */
export const mknod: Handler = {
  continueIsSafe: (call) =>
    !isDevice(modeOf(call)) &&
    call.broker.grants.kernelHandles(right.makeRegular | right.makeFifo | right.makeSocket),
  answer(call) {
    const mode = modeOf(call);
    const at = call.name === "mknodat";
    if (isDevice(mode)) return never(E.PERM, call.name, "a device node");
    const path = call.path(at ? 0 : null, at ? 1 : 0);
    if (mode & (abi.S_ISUID | abi.S_ISGID))
      return never(E.PERM, "create with set-id bits", shown(path.text));
    return make(call, path, (place) =>
      sys("mknodat", place.directory, c(place.lastAsGiven), mode, 0),
    );
  },
};

function modeOf(call: Call): number {
  return call.unsigned(call.name === "mknodat" ? 2 : 1) & 0xffff;
}

function isDevice(mode: number): boolean {
  return ![0, abi.S_IFREG, abi.S_IFIFO, abi.S_IFSOCK].some((type) => type === (mode & abi.S_IFMT));
}

function make(call: Call, path: PathArgument, effect: (place: Place) => number): Outcome {
  return call.asTarget(() => {
    const walked = call.walk(path, "never");
    if (walked.kind !== "place") return leaveNoPlace(call, path, walked);
    if (walked.place.last === "." || walked.place.object !== null)
      return call.leave(error(E.EXIST));
    const { place } = walked;
    if (call.broker.grants.kernelCreates(place.name)) return CONTINUE;
    if ((call.broker.grants.of(place.name, Permission.create) & Permission.create) === 0)
      return denyName("create", place.name);
    return result(call.effect(() => effect(place)));
  });
}
