import { Permission } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import { noPlace } from "../../answer/no-place.ts";
import { error, type Outcome, result, WORKER } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { close, openat, self, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { beyondFileSize } from "../processes/resource-limits.ts";
import { unwaiting } from "./opened.ts";

/**
 * truncate, on the file that was judged. A sealed domain's filter does not notify it where Landlock
 * checks it (ABI 3).
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
      if (beyondFileSize(call, length)) return error(E.FBIG);
      return cut(call, object.fd, length);
    });
  },
};

/**
 * Uses a descriptor, because truncate(2) would block on the holder of a lease (fcntl(2)), and with
 * it every domain. A worker waits for that.
 */
function cut(call: Call, file: number, length: bigint): Outcome {
  const flags = abi.O_WRONLY | unwaiting(call);
  const writer = call.effect(() => openat(abi.AT_FDCWD, self(file), flags));
  if (writer === -E.AGAIN && !call.broker.mayWait) return WORKER;
  if (writer < 0) return error(errnoOf(writer));
  try {
    return result(call.effect(() => sys("ftruncate", writer, length)));
  } finally {
    close(writer);
  }
}
