import { E } from "../abi.ts";
import type { Call } from "../call.ts";
import { judgeDestination, socketAndAddress } from "../destination.ts";
import type { Handler } from "../handler.ts";
import { error, type Outcome, result } from "../outcome.ts";
import { pendingError, type TargetSocket, withoutWaiting } from "../socket.ts";
import { sys } from "../sys.ts";

/**
 * connect where no hook below judges the address: the target's own socket is connected to the address that was copied and judged, with the
 * target's effective ids. The peer sees the mediator's process id.
 */
export const connect: Handler = {
  continueIsSafe: () => false,
  answer(call) {
    const addressed = socketAndAddress(call);
    if (typeof addressed === "number") return error(-addressed);
    const { socket, address, path } = addressed;
    return call.asTarget(() => {
      const destination = judgeDestination(call, socket, address, path);
      return destination.kind === "address" ? begin(call, socket, destination.bytes) : destination;
    }, true);
  },
};

function begin(call: Call, socket: TargetSocket, bytes: Buffer): Outcome {
  const attempt = (): number => sys("connect", socket.fd, bytes, bytes.length);
  const begun = call.effect(() => (socket.nonBlocking ? attempt() : withoutWaiting(socket.fd, attempt)));
  if (begun !== -E.INPROGRESS || socket.nonBlocking) return result(begun);
  return {
    kind: "pending",
    fd: socket.fd,
    resume: () => {
      const failed = pendingError(socket.fd);
      return failed === 0 ? { kind: "value", value: 0 } : error(failed);
    },
  };
}
