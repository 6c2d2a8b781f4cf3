import { capabilityMask } from "../../../kernel/capability-mask.ts";
import { CAP_DAC_READ_SEARCH } from "../../../kernel/constants.ts";
import { denyTwoNames } from "../../answer/deny.ts";
import { leaveNoPlace } from "../../answer/no-place.ts";
import {
  CONTINUE,
  error,
  never,
  type Outcome,
  type Refused,
  result,
} from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { type Bytes, c, fstat, self, shown, sys } from "../../sys/sys.ts";
import { canonical, namesOf, type Place } from "../../walk/place.ts";
import type { PathArgument } from "../../walk/walk-context.ts";
import type { Call } from "../call.ts";
import { allNames, type Handler } from "../handler.ts";
import { eachLacking, refuseAll } from "./lacking.ts";

/**
 * link, linkat. The object that was judged gets the new name. In a sealed domain an object without
 * a name (O_TMPFILE) gets none.
 */
export const link: Handler = {
  continueIsSafe: (call) => call.broker.grants.kernelHandles(allNames),

  answer(call) {
    const at = call.name === "linkat";
    const flags = at ? call.unsigned(4) : 0;
    if (!call.supervised && flags & ~abi.AT_SYMLINK_FOLLOW)
      return never(E.PERM, call.name, "a descriptor without a name (AT_EMPTY_PATH)");
    if (flags & ~(abi.AT_SYMLINK_FOLLOW | abi.AT_EMPTY_PATH)) return error(E.INVAL);
    const source = call.path(at ? 0 : null, at ? 1 : 0);
    const destination = call.path(at ? 2 : null, at ? 3 : 1);
    if (source.text === "" && flags & abi.AT_EMPTY_PATH)
      return ofEmptyPath(call, call.target.directory(call.int(0)), destination);
    const outcome = call.asTarget((): Outcome | number => {
      const from = call.walk(source, flags & abi.AT_SYMLINK_FOLLOW ? "always" : "before-slash");
      if (from.kind === "descriptor") return from.number;
      if (from.kind === "procfs") return never(E.PERM, call.name, shown(source.text));
      if (from.kind !== "place") return leaveNoPlace(call, source, from);
      const { object } = from.place;
      return object === null ? call.leave(error(E.NOENT)) : linkTo(call, object, destination);
    });
    return typeof outcome === "number"
      ? ofDescriptor(call, call.target.linked(outcome), destination)
      : outcome;
  },
};

const SEARCHES = capabilityMask(CAP_DAC_READ_SEARCH);

/**
 * An open file with AT_EMPTY_PATH. The kernel requires a capability or, since 6.10, that the caller
 * opened it with its current credentials. The mediator cannot check the latter, so it accepts only
 * files without a name (O_TMPFILE). It links them through /proc, which requires neither.
 */
function ofEmptyPath(call: Call, fd: number, destination: PathArgument): Outcome {
  const stat = fd < 0 ? null : fstat(fd);
  const isNamed = stat !== null && typeof stat !== "number" && stat.links > 0;
  if (call.supervised && isNamed && (call.target.credentials.effective & SEARCHES) === 0n)
    return error(E.NOENT);
  return ofDescriptor(call, fd, destination);
}

/**
 * A file made without a name (O_TMPFILE) may get one that gives no permission beyond those of the
 * names it could have had where it was made.
 */
function ofDescriptor(call: Call, fd: number, destination: PathArgument): Outcome {
  if (!call.supervised) return never(E.PERM, call.name, "a descriptor, which may have no name");
  if (fd < 0) return error(errnoOf(fd));
  return call.asTarget(() => {
    const stat = fstat(fd);
    return typeof stat === "number" ? error(stat) : linkTo(call, { fd, stat }, destination);
  });
}

function linkTo(
  call: Call,
  object: NonNullable<Place["object"]>,
  destination: PathArgument,
): Outcome {
  const to = call.walk(destination, "never");
  if (to.kind !== "place") return leaveNoPlace(call, destination, to);
  if (to.place.last === "." || to.place.object !== null) return call.leave(error(E.EXIST));
  const found = call.supervised ? namesOf(object.fd, object.stat) : [canonical(object.fd)];
  const names: Bytes[] = [];
  for (const name of found) {
    if (typeof name === "number") return call.leave(error(name));
    names.push(name);
  }
  if (names.every((name) => call.broker.grants.kernelMoves(name, to.place.name))) return CONTINUE;
  const refused = refuseAll(call, deniedOf(call, names, to.place.name));
  if (refused !== null) return refused;
  const { directory, lastAsGiven } = to.place;
  return result(
    call.effect(() =>
      sys(
        "linkat",
        abi.AT_FDCWD,
        c(self(object.fd)),
        directory,
        c(lastAsGiven),
        abi.AT_SYMLINK_FOLLOW,
      ),
    ),
  );
}

/**
 * The names are also told together: what the old one needs depends on what the new one is granted
 * (`gain`), and lines that are added later may grant it more.
 */
function deniedOf(call: Call, from: readonly Bytes[], to: Bytes): readonly Refused[] {
  const made = eachLacking(call, to, ["create"]);
  return [
    ...made,
    ...from
      .filter((name) => made.length > 0 || call.broker.grants.gained(name, to, false) !== 0)
      .map((name) => denyTwoNames("link", name, to, { directory: false, replaces: false })),
  ];
}
