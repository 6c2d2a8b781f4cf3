import { Permission } from "../../../model/permission.ts";
import { denyTwoNames } from "../../answer/deny.ts";
import { leaveNoPlace } from "../../answer/no-place.ts";
import {
  CONTINUE,
  error,
  type Outcome,
  type Refused,
  result,
  unable,
} from "../../answer/outcome.ts";
import { refuseForm } from "../../answer/refuse-call.ts";
import { abi, E } from "../../sys/abi.ts";
import { c, close, fstat, openPath, shown, sys } from "../../sys/sys.ts";
import type { Place } from "../../walk/place.ts";
import type { Call } from "../call.ts";
import { allNames, type Handler } from "../handler.ts";
import { eachLacking, refuseAll } from "./lacking.ts";

const KNOWN = abi.RENAME_NOREPLACE | abi.RENAME_EXCHANGE | abi.RENAME_WHITEOUT;

/** rename, renameat, renameat2. Whiteouts are refused, because Landlock treats them as files. */
export const rename: Handler = {
  continueIsSafe: (call) =>
    (flagsOf(call) & abi.RENAME_WHITEOUT) === 0 && call.broker.grants.kernelHandles(allNames),

  answer(call) {
    const flags = flagsOf(call);
    if (call.supervised && flags & ~KNOWN) return error(E.INVAL);
    if (flags & ~(abi.RENAME_NOREPLACE | abi.RENAME_EXCHANGE)) return refuseForm(call);
    const at = call.name !== "rename";
    const source = call.path(at ? 0 : null, at ? 1 : 0);
    const destination = call.path(at ? 2 : null, at ? 3 : 1);
    return call.asTarget(() => {
      const from = call.walk(source, "never");
      const to = call.walk(destination, "never");
      if (from.kind !== "place") return leaveNoPlace(call, source, from);
      if (to.kind !== "place") return leaveNoPlace(call, destination, to);
      if (from.place.last === "." || to.place.last === ".") return call.leave(error(E.BUSY));
      if (from.place.object === null) return call.leave(error(E.NOENT));
      const { grants } = call.broker;
      if (grants.kernelMoves(from.place.name, to.place.name)) return CONTINUE;
      return judge(call, from.place, to.place, flags) ?? act(call, from.place, to.place, flags);
    });
  },
};

function flagsOf(call: Call): number {
  return call.name === "renameat2" ? call.unsigned(4) : 0;
}

function isDirectory(place: Place): boolean {
  return place.object?.stat.type === abi.S_IFDIR;
}

/**
 * The two names are also told together: what one needs depends on what the other is granted
 * (`gain`), and lines that are added later may grant it more.
 */
function judge(call: Call, from: Place, to: Place, flags: number): Outcome | null {
  const exchange = (flags & abi.RENAME_EXCHANGE) !== 0;
  const replaces = to.object !== null && (flags & abi.RENAME_NOREPLACE) === 0;
  const names = [
    ...eachLacking(call, from.name, ["delete"]),
    ...eachLacking(call, to.name, ["create"]),
    ...(replaces ? eachLacking(call, to.name, ["delete"]) : []),
    ...(exchange ? eachLacking(call, from.name, ["create"]) : []),
  ];
  const both = [
    ...(names.length > 0 || gains(call, from, to) ? [denyRename(from, to, replaces)] : []),
    ...(exchange && (names.length > 0 || gains(call, to, from))
      ? [denyRename(to, from, replaces)]
      : []),
  ];
  return refuseAll(call, [...names, ...both]);
}

function denyRename(from: Place, to: Place, replaces: boolean): Refused {
  const what = { directory: isDirectory(from), replaces };
  return denyTwoNames("rename", from.name, to.name, what);
}

function gains(call: Call, from: Place, to: Place): boolean {
  return (
    call.broker.grants.gained(from.name, to.name, isDirectory(from)) !== 0 ||
    !movesBelow(call, from, to)
  );
}

/**
 * A rename of a directory renames everything below, so the permissions are required for each such
 * name.
 */
function movesBelow(call: Call, from: Place, to: Place, directory = isDirectory(from)): boolean {
  const { grants } = call.broker;
  if (!directory) return true;
  return (
    (grants.below(to.name, Permission.create) & Permission.create) !== 0 &&
    (grants.below(from.name, Permission.delete) & Permission.delete) !== 0
  );
}

/**
 * Renames by name in the two directories that were judged. Another object may have the name by
 * then. If a file took a file's place, nothing changes, because names were judged. A directory in a
 * file's place could give new names more rights than it had. So unless a directory would have been
 * granted, too, the result is checked and undone. The mediator makes one rename at a time, so such
 * an exchange needs a directory in which Landlock grants everything alike, or a process outside the
 * domain.
 */
function act(call: Call, from: Place, to: Place, flags: number): Outcome {
  const moved = call.effect(() => move(from, to, flags));
  if (moved < 0) return result(moved);
  const unexpected =
    smuggled(call, from, to) ??
    ((flags & abi.RENAME_EXCHANGE) !== 0 ? smuggled(call, to, from) : null);
  if (unexpected === null) return result(moved);
  move(to, from, flags & abi.RENAME_EXCHANGE ? flags : abi.RENAME_NOREPLACE);
  return unexpected;
}

/**
 * Refuses if `to` is now a directory, was judged as something else, and would not be granted as a
 * directory.
 */
function smuggled(call: Call, from: Place, to: Place): Outcome | null {
  const asDirectory =
    call.broker.grants.gained(from.name, to.name, true) === 0 && movesBelow(call, from, to, true);
  if (isDirectory(from) || asDirectory) return null;
  const fd = openPath(to.directory, to.last);
  if (fd < 0) return null;
  const stat = fstat(fd);
  close(fd);
  if (typeof stat !== "number" && stat.type !== abi.S_IFDIR) return null;
  return unable(
    E.ACCES,
    "rename",
    `${shown(from.name)} -> ${shown(to.name)}: became a directory meanwhile`,
  );
}

function move(from: Place, to: Place, flags: number): number {
  return sys(
    "renameat2",
    from.directory,
    c(from.lastAsGiven),
    to.directory,
    c(to.lastAsGiven),
    flags,
  );
}
