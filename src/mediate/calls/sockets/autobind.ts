import { randomInt } from "node:crypto";
import { sockaddrNl, sockaddrUn } from "../../../kernel/structs.ts";
import { Permission } from "../../../model/permission.ts";
import { denyName } from "../../answer/deny.ts";
import { error, type Outcome, result } from "../../answer/outcome.ts";
import { AUTOBIND_ATTEMPTS_MAX } from "../../limits.ts";
import { E } from "../../sys/abi.ts";
import { sys } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import type { Address } from "./address.ts";
import { AF, ownAddress, type TargetSocket, unixAddress } from "./socket.ts";

/** The names that unix(7) chooses itself: five hexadecimal digits. */
const NAMES = 0x100000;
const FAMILY_BYTES = sockaddrUn.offset.sun_path;
/** Of netlink ports that the kernel chooses: from the least negative number to -4097. */
const LEAST_PORT = 0x80000000;
const PORTS = 0x80000000 - 4096;

/** What bind(2) gives, of the target's own socket. */
export const bindTo = (call: Call, socket: TargetSocket, bytes: Buffer): number =>
  call.effect(() => sys("bind", socket.fd, bytes, bytes.length), "socket");

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
    const bound = bindTo(call, socket, bytes);
    if (bound !== -E.ADDRINUSE) return result(bound);
  }
  return error(E.NOSPC);
}

/** Whether the kernel is to choose the port. */
export const leavesNetlinkPort = (socket: TargetSocket, { bytes }: Address): boolean =>
  socket.domain === AF.netlink &&
  bytes.length >= sockaddrNl.size &&
  sockaddrNl.decode(bytes).nl_pid === 0;

/**
 * Netlink port 0 means the caller's process id, and for its second socket of a protocol a negative
 * number of the kernel's choice (netlink(7), netlink_autobind() in af_netlink.c). The kernel would
 * take the mediator's process id.
 */
export function autobindNetlink(call: Call, socket: TargetSocket, address: Buffer): Outcome {
  const bytes = Buffer.from(address);
  let port = call.target.credentials.tgid;
  for (let attempt = 0; attempt < AUTOBIND_ATTEMPTS_MAX; attempt++) {
    bytes.writeUInt32LE(port, sockaddrNl.offset.nl_pid);
    const bound = bindTo(call, socket, bytes);
    if (bound !== -E.ADDRINUSE) return result(bound);
    port = LEAST_PORT + randomInt(PORTS);
  }
  return error(E.ADDRINUSE);
}
