import { Permission } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import { noPlace } from "../../answer/no-place.ts";
import { CONTINUE, error, type Outcome, result, WORKER } from "../../answer/outcome.ts";
import { abi, E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { type Bytes, close, openat, self, sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import { type Handler, right } from "../handler.ts";
import { beyondFileSize } from "../processes/resource-limits.ts";
import { type Opened, unwaiting } from "./opened.ts";

/**
 * truncate, on the file that was judged. Where Landlock checks it (ABI 3) a sealed domain's filter
 * notifies it only for late names, and everything else is left to Landlock.
 */
export const truncate: Handler = {
  continueIsSafe: (call) => call.broker.grants.kernelHandles(right.truncate),
  fallsToKernel: (call) => call.broker.startedNames !== null,
  answer(call) {
    const path = call.path(null, 0);
    const length = BigInt.asIntN(64, call.word(1));
    return call.asTarget(() => {
      const walked = call.walk(path, "always");
      if (walked.kind !== "place") return noPlace(call, path, walked);
      const { object, name } = walked.place;
      if (object === null) return error(E.NOENT);
      if (isLeft(call, name, object)) return CONTINUE;
      if (object.stat.type !== abi.S_IFREG)
        return error(object.stat.type === abi.S_IFDIR ? E.ISDIR : E.INVAL);
      if ((call.broker.grants.of(name, Permission.write) & Permission.write) === 0)
        return denyName("write", name);
      if (beyondFileSize(call, length)) return error(E.FBIG);
      return cut(call, object.fd, length);
    });
  },
};

/** Whether the layer judges it: the file is of the start, or no stored content. */
function isLeft(call: Call, name: Bytes, { stat }: Opened): boolean {
  const { startedNames, mounts } = call.broker;
  if (startedNames === null || !truncate.continueIsSafe(call)) return false;
  return !mounts.stores(stat.mount) || startedNames.covers(name, right.truncate, stat);
}

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
