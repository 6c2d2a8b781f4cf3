import { CONTINUE, error, result } from "../../answer/outcome.ts";
import { errnoOf } from "../../sys/errno.ts";
import { sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import type { Handler } from "../handler.ts";
import { parseAddress } from "./address.ts";
import { judgeAddress } from "./judge-address.ts";
import { AF, ownAddress, socketOf } from "./socket.ts";

/**
 * listen. A TCP socket without a port takes a free one, which Landlock and cgroup-BPF do not see:
 * judged as binding to port 0. Whoever listens on a unix socket is who its peers are told they talk
 * to, so the target does that itself where nothing can come between.
 */
export const listen: Handler = {
  /**
   * The arguments are registers, and nobody else can put another socket in the descriptor's place.
   */
  continueIsSafe: (call) => call.isAlone && isUnix(call),
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
        return refused ?? result(call.effect(() => sys("listen", socket.fd, call.int(1))));
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
