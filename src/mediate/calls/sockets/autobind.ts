import { randomInt } from "node:crypto";
import { sockaddrUn } from "../../../kernel/structs.ts";
import { Permission } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import { error, type Outcome, result } from "../../answer/outcome.ts";
import { AUTOBIND_ATTEMPTS_MAX } from "../../limits.ts";
import { E } from "../../sys/abi.ts";
import { sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import { ownAddress, type TargetSocket, unixAddress } from "./socket.ts";

/** The names that unix(7) chooses itself: five hexadecimal digits. */
const NAMES = 0x100000;
const FAMILY_BYTES = sockaddrUn.offset.sun_path;

/**
 * bind(2) to a unix address without a name. The mediator chooses an abstract name, as the kernel
 * would, and judges it.
 */
export function autobind(call: Call, socket: TargetSocket): Outcome {
  if (ownAddress(socket.fd).length > FAMILY_BYTES) return result(0);
  const first = randomInt(NAMES);
  for (let attempt = 0; attempt < AUTOBIND_ATTEMPTS_MAX; attempt++) {
    const name = ((first + attempt) % NAMES).toString(16).padStart(5, "0");
    if ((call.broker.grants.of(`@${name}`, Permission.listen) & Permission.listen) === 0)
      return denyName("listen", `@${name}`);
    // An abstract name begins with a NUL and ends with the address.
    const bytes = unixAddress(`\0${name}`).subarray(0, -1);
    const bound = call.effect(() => sys("bind", socket.fd, bytes, bytes.length), "socket");
    if (bound !== -E.ADDRINUSE) return result(bound);
  }
  return error(E.NOSPC);
}
