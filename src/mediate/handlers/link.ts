import { Permission } from "../../model/permission.ts";
import { abi, E } from "../abi.ts";
import { denyName, denyTwoNames } from "../deny.ts";
import { allNames, type Handler } from "../handler.ts";
import { leaveNoPlace } from "../leave.ts";
import { CONTINUE, error, never, result } from "../outcome.ts";
import { canonical } from "../place.ts";
import { c, self, shown, sys } from "../sys.ts";

/** link, linkat. The very object that was judged gets the new name; one without a name of its own (O_TMPFILE, unlinked) gets none. */
export const link: Handler = {
  continueIsSafe: (call) => call.broker.grants.kernelHandles(allNames),

  answer(call) {
    const at = call.name === "linkat";
    const flags = at ? call.unsigned(4) : 0;
    if (flags & ~abi.AT_SYMLINK_FOLLOW) return never(E.PERM, call.name, "a descriptor without a name (AT_EMPTY_PATH)");
    const source = call.path(at ? 0 : null, at ? 1 : 0);
    const destination = call.path(at ? 2 : null, at ? 3 : 1);
    return call.asTarget(() => {
      const from = call.walk(source, flags & abi.AT_SYMLINK_FOLLOW ? "always" : "before-slash");
      const to = call.walk(destination, "never");
      if (from.kind === "descriptor" || from.kind === "procfs") return never(E.PERM, call.name, shown(source.text));
      if (from.kind !== "place") return leaveNoPlace(call, source, from);
      if (to.kind !== "place") return leaveNoPlace(call, destination, to);
      const { object } = from.place;
      if (object === null) return call.leave(error(E.NOENT));
      if (to.place.last === "." || to.place.object !== null) return call.leave(error(E.EXIST));
      const name = canonical(object.fd);
      if (typeof name === "number") return call.leave(error(name));
      const { grants } = call.broker;
      if (grants.kernelMoves(name, to.place.name)) return CONTINUE;
      if ((grants.of(to.place.name) & Permission.create) === 0) return denyName("create", to.place.name);
      if (grants.gained(name, to.place.name, false) !== 0)
        return denyTwoNames("link", name, to.place.name, { directory: false, replaces: false });
      const { directory, last } = to.place;
      return result(
        call.effect(() => sys("linkat", abi.AT_FDCWD, c(self(object.fd)), directory, c(last), abi.AT_SYMLINK_FOLLOW)),
      );
    });
  },
};
