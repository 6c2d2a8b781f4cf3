import { error, type Outcome, result } from "../../answer/outcome.ts";
import { refuseForm } from "../../answer/refuse-call.ts";
import { E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import { sys } from "../../sys/sys.ts";
import type { Handler } from "../handler.ts";
import { AF, IPPROTO_IPV6, IPV6_V6ONLY, socketOf } from "./socket.ts";

const INT_BYTES = 4;

/**
 * setsockopt(IPPROTO_IPV6, IPV6_V6ONLY). The option decides whether a bind to `::` takes every IPv4
 * address, too. So it changes only here, never between the judgement of a bind and the bind. All
 * other notified options are refused.
 */
export const socketOption: Handler = {
  continueIsSafe: () => false,
  actsOn: "socket",
  answer(call): Outcome {
    if (call.int(1) !== IPPROTO_IPV6 || call.int(2) !== IPV6_V6ONLY) return refuseForm(call);
    const socket = socketOf(call, 0);
    if (typeof socket === "number") return error(errnoOf(socket));
    if (socket.domain !== AF.inet6) return error(E.NOPROTOOPT);
    if (call.int(4) < INT_BYTES) return error(E.INVAL);
    const value = call.target.memory.read(call.word(3), INT_BYTES);
    return result(
      call.effect(
        () => sys("setsockopt", socket.fd, IPPROTO_IPV6, IPV6_V6ONLY, value, INT_BYTES),
        "socket",
      ),
    );
  },
};
