import { SCM_CREDENTIALS, SOL_SOCKET } from "../kernel/constants.ts";
import { addressOf } from "../kernel/ffi.ts";
import { E } from "./abi.ts";
import type { Call } from "./call.ts";
import type { Credentials } from "./credentials.ts";
import { never, type Outcome, result } from "./outcome.ts";
import type { TargetSocket } from "./socket.ts";
import { sys } from "./sys.ts";

/** capabilities(7): other group ids, user ids, and process ids in SCM_CREDENTIALS (unix(7)). */
const SIGNS = [6, 7, 21].reduce((set, capability) => set | (1n << BigInt(capability)), 0n);

/**
 * Sends on a connected unix socket. A receiver that asks who sends (SO_PASSCRED) is told the sender's real ids: the target's are put in
 * where the mediator may. Where it may not, both must be the same user, and the receiver sees the mediator's process id.
 */
export function sendSigned(call: Call, socket: TargetSocket, data: Buffer, flags: number): Outcome {
  const { credentials } = call.target;
  const own = call.broker.identity.own;
  if ((own.effective & SIGNS) === SIGNS)
    return result(call.effect(() => sendWith(socket.fd, data, credentialsMessage(credentials), flags)));
  if (own.uid !== credentials.uid || own.gid !== credentials.gid)
    return never(E.PERM, call.name, "the receiver would take the mediator for the sender");
  return result(call.effect(() => sys("sendto", socket.fd, data, data.length, flags, null, 0)));
}

/** struct cmsghdr (len, level, type) and struct ucred (pid, uid, gid) on x86_64, padded to eight bytes. */
function credentialsMessage({ tgid, uid, gid }: Credentials): Buffer {
  const b = Buffer.alloc(32);
  b.writeBigUInt64LE(28n, 0);
  b.writeInt32LE(SOL_SOCKET, 8);
  b.writeInt32LE(SCM_CREDENTIALS, 12);
  b.writeInt32LE(tgid, 16);
  b.writeUInt32LE(uid, 20);
  b.writeUInt32LE(gid, 24);
  return b;
}

/** sendmsg(2) with struct msghdr (56 bytes) and one struct iovec. */
function sendWith(fd: number, data: Buffer, control: Buffer, flags: number): number {
  const vector = Buffer.alloc(16);
  vector.writeBigUInt64LE(addressOf(data), 0);
  vector.writeBigUInt64LE(BigInt(data.length), 8);
  const header = Buffer.alloc(56);
  header.writeBigUInt64LE(addressOf(vector), 16);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(addressOf(control), 32);
  header.writeBigUInt64LE(BigInt(control.length), 40);
  return sys("sendmsg", fd, header, flags);
}
