import { CONTINUE, error, result } from "../../answer/outcome.ts";
import { errnoOf } from "../../sys/errno.ts";
import { sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { parseAddress } from "./address.ts";
import { judgeAddress } from "./judge-address.ts";
import { AF, ownAddress, socketOf } from "./socket.ts";

/**
 * listen. A TCP socket without a port takes a free one, which Landlock and cgroup-BPF do not see,
 * so it is judged like binding to port 0. Peers of a unix socket see the process that called
 * listen. So the target calls it itself if no other thread can exchange the descriptor.
 */
export const listen: Handler = {
  /** The arguments are registers, and no other thread can exchange the descriptor. */
  continueIsSafe: (call) => call.isAlone && isUnix(call),
  actsOn: "socket",
  answer(call) {
    const socket = socketOf(call, 0);
    if (typeof socket === "number") return error(errnoOf(socket));
    if (socket.domain === AF.unix && call.isAlone) return CONTINUE;
    return call.asTarget(
      () => {
        const address = socket.protocol === "tcp" ? parseAddress(ownAddress(socket.fd)) : null;
        if (typeof address === "number") return error(errnoOf(address));
        const unbound = address?.kind === "inet" && address.port === 0;
        const refused = unbound ? judgeAddress(call, socket, address, "listen") : null;
        return (
          refused ?? result(call.effect(() => sys("listen", socket.fd, call.int(1)), "socket"))
        );
      },
      { effectiveIds: true, makes: false },
    );
  },
};

function isUnix(call: Call): boolean {
  const socket = socketOf(call, 0);
  call.check();
  return typeof socket !== "number" && socket.domain === AF.unix;
}
