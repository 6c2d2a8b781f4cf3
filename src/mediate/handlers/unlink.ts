import { Permission } from "../../model/permission.ts";
import { abi } from "../abi.ts";
import { denyName } from "../deny.ts";
import { type Handler, right } from "../handler.ts";
import { CONTINUE, result } from "../outcome.ts";
import { c, sys } from "../sys.ts";

/** unlink, rmdir, unlinkat. */
export const unlink: Handler = {
  continueIsSafe: (call) => call.broker.grants.kernelHandles(right.removeFile | right.removeDirectory),

  answer(call) {
    const at = call.name === "unlinkat";
    const path = call.path(at ? 0 : null, at ? 1 : 0);
    const flags = at ? call.unsigned(2) : call.name === "rmdir" ? abi.AT_REMOVEDIR : 0;
    return call.asTarget(() => {
      const walked = call.walk(path, "never");
      if (walked.kind !== "place" || walked.place.last === "." || walked.place.object === null) return CONTINUE;
      const { directory, last, slash, name } = walked.place;
      if (call.broker.grants.kernelCreates(name)) return CONTINUE;
      if ((call.broker.grants.of(name) & Permission.delete) === 0) return denyName("delete", name);
      return result(call.effect(() => sys("unlinkat", directory, c(slash ? `${last}/` : last), flags)));
    });
  },
};
