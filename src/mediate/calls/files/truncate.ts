import { EFBIG } from "../../../kernel/constants.ts";
import { Permission } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import { noPlace } from "../../answer/no-place.ts";
import { error, result } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { c, self, sys } from "../../sys/sys.ts";
import { beyondFileSize } from "../../target/file-size-limit.ts";
import type { Handler } from "../handler.ts";

/**
 * truncate: on the very file that was judged. Where Landlock sees it (ABI 3) a sealed domain does
 * not ask.
 */
export const truncate: Handler = {
  continueIsSafe: () => false,
  answer(call) {
    const path = call.path(null, 0);
    const length = BigInt.asIntN(64, call.word(1));
    return call.asTarget(() => {
      const walked = call.walk(path, "always");
      if (walked.kind !== "place") return noPlace(call, path, walked);
      const { object, name } = walked.place;
      if (object === null) return error(E.NOENT);
      if (object.stat.type !== abi.S_IFREG)
        return error(object.stat.type === abi.S_IFDIR ? E.ISDIR : E.INVAL);
      if ((call.broker.grants.of(name) & Permission.write) === 0) return denyName("write", name);
      if (beyondFileSize(call, length)) return error(EFBIG);
      return result(call.effect(() => sys("truncate", c(self(object.fd)), length)));
    });
  },
};
