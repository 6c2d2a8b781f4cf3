import { error, type Outcome, result } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { untilTimeout } from "../look-again.ts";
import {
  type Addressed,
  type Destination,
  judgeDestination,
  socketAndAddress,
} from "./destination.ts";
import {
  AF,
  pendingError,
  SOCK,
  type TargetSocket,
  withoutWaiting,
  withSendTimeout,
} from "./socket.ts";

/**
 * connect, if no lower layer judges the address. The mediator connects the target's own socket to
 * the address that it copied and judged, with the target's effective ids. The peer sees the
 * mediator's process id.
 */
export const connect: Handler = {
  continueIsSafe: () => false,
  actsOn: "socket",
  answer(call) {
    const addressed = socketAndAddress(call);
    if (typeof addressed === "number") return error(errnoOf(addressed));
    const { domain, type } = addressed.socket;
    if (domain !== AF.unix) return toAddress(call, addressed);
    if (addressed.path !== null) call.refuseConfined("names");
    return type === SOCK.dgram ? toReceiver(call, addressed) : toListener(call, addressed);
  },
};

/** Connecting a unix datagram socket never waits. */
function toReceiver(call: Call, addressed: Addressed): Outcome {
  const done = once(call, addressed, (attempt) => attempt());
  return typeof done === "number" ? result(done) : done;
}

/** An internet socket reports when it is connected. */
function toAddress(call: Call, addressed: Addressed): Outcome {
  const { socket } = addressed;
  const waiting = (attempt: () => number): number =>
    socket.nonBlocking ? attempt() : withSendTimeout(socket.fd, attempt);
  const begun = once(call, addressed, waiting);
  if (typeof begun !== "number") return begun;
  // EALREADY: an earlier mediator or another thread has begun the connection.
  const isUnderWay = begun === -E.INPROGRESS || begun === -E.ALREADY;
  if (!isUnderWay || socket.nonBlocking) return result(begun);
  // A successor may begin it again: the kernel then continues the same connection.
  call.cameToNothing();
  return untilConnected(socket);
}

function untilConnected({ fd }: TargetSocket): Outcome {
  const resume = (): Outcome => {
    const failed = pendingError(fd);
    return failed === null ? { kind: "value", value: 0 } : error(failed);
  };
  return { kind: "pending", fd, resume };
}

/**
 * For a unix socket no descriptor reports that the listener has room for another connection. So
 * connecting is repeated, from the path lookup on as in the kernel.
 */
function toListener(call: Call, addressed: Addressed): Outcome {
  const { socket } = addressed;
  const attempt = (): Outcome | null => {
    const done = once(call, addressed, (connecting) => withoutWaiting(socket, connecting));
    if (typeof done !== "number") return done;
    if (done !== -E.AGAIN || socket.nonBlocking) return result(done);
    call.cameToNothing();
    return null;
  };
  return call.target.givingBack(attempt) ?? untilTimeout(call, socket, { attempt });
}

function once(
  call: Call,
  addressed: Addressed,
  way: (attempt: () => number) => number,
): number | Outcome {
  const { socket, address, path } = addressed;
  return call.asTarget(
    () => {
      const destination: Destination = judgeDestination(call, socket, address, path);
      if (destination.kind !== "address") return destination;
      const { bytes } = destination;
      const connecting = (): number => sys("connect", socket.fd, bytes, bytes.length);
      return call.effect(() => way(connecting), path === null ? "socket" : "names");
    },
    { effectiveIds: true, makes: false },
  );
}
