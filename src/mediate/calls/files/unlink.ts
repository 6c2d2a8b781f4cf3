import { Permission } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import { leaveNoPlace } from "../../answer/no-place.ts";
import { CONTINUE, error, result } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import type { Errno } from "../../sys/errno.ts";
import { type Bytes, c, sys } from "../../sys/sys.ts";
import { type Handler, right } from "../handler.ts";

/** unlink, rmdir, unlinkat. */
export const unlink: Handler = {
  continueIsSafe: (call) =>
    call.broker.grants.kernelHandles(right.removeFile | right.removeDirectory),

  answer(call) {
    const at = call.name === "unlinkat";
    const path = call.path(at ? 0 : null, at ? 1 : 0);
    const flags = at ? call.unsigned(2) : call.name === "rmdir" ? abi.AT_REMOVEDIR : 0;
    if (flags & ~abi.AT_REMOVEDIR) return call.leave(error(E.INVAL));
    return call.asTarget(() => {
      const walked = call.walk(path, "never");
      if (walked.kind !== "place") return leaveNoPlace(call, path, walked);
      if (walked.place.last === ".")
        return call.leave(error(flags & abi.AT_REMOVEDIR ? unremovable(path.text) : E.ISDIR));
      if (walked.place.object === null) return call.leave(error(E.NOENT));
      const { directory, lastAsGiven, name } = walked.place;
      if (call.broker.grants.kernelCreates(name)) return CONTINUE;
      if ((call.broker.grants.of(name, Permission.delete) & Permission.delete) === 0)
        return denyName("delete", name);
      return result(call.effect(() => sys("unlinkat", directory, c(lastAsGiven), flags)));
    }, MAKES_NOTHING);
  },
};

const MAKES_NOTHING = { makes: false };

/** The error of rmdir(2) for `.`, `..` and the root. */
function unremovable(path: Bytes): Errno {
  const last = path.replace(/\/+$/, "").split("/").at(-1);
  if (last === ".") return E.INVAL;
  return last === ".." ? E.NOTEMPTY : E.BUSY;
}
