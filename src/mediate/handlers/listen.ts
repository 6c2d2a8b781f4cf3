import { parseAddress } from "../address.ts";
import type { Handler } from "../handler.ts";
import { judgeAddress } from "../judge-address.ts";
import { error, result } from "../outcome.ts";
import { ownAddress, socketOf } from "../socket.ts";
import { sys } from "../sys.ts";

/** listen. A TCP socket without a port takes a free one, which Landlock and cgroup-BPF do not see: judged as binding to port 0. */
export const listen: Handler = {
  continueIsSafe: () => false,
  answer(call) {
    const socket = socketOf(call, 0);
    if (typeof socket === "number") return error(-socket);
    return call.asTarget(() => {
      const address = socket.protocol === "tcp" ? parseAddress(ownAddress(socket.fd)) : null;
      if (typeof address === "number") return error(-address);
      const unbound = address?.kind === "inet" && address.port === 0;
      const refused = unbound ? judgeAddress(call, socket, address, "listen") : null;
      return refused ?? result(call.effect(() => sys("listen", socket.fd, call.int(1))));
    }, true);
  },
};
