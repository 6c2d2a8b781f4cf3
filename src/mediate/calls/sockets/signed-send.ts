import { SCM_CREDENTIALS, SOL_SOCKET } from "../../../kernel/constants.ts";
import { addressOf } from "../../../kernel/ffi.ts";
import { never, type Outcome, result } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import { sys } from "../../sys/sys.ts";
import type { Credentials } from "../../target/credentials.ts";
import type { Call } from "../call.ts";
import type { TargetSocket } from "./socket.ts";

/** capabilities(7): other group ids, user ids, and process ids in SCM_CREDENTIALS (unix(7)). */
const SIGNS = [6, 7, 21].reduce((set, capability) => set | (1n << BigInt(capability)), 0n);

/** One message as sendmsg(2) takes it. */
export interface Letter {
  readonly data: Buffer;
  /** The address it goes to, where it does not go to the socket's peer. */
  readonly name: Buffer | null;
  /** Whole struct cmsghdr pieces. */
  readonly control: Buffer | null;
}

/**
 * Sends on a unix socket. A receiver that asks who sends (SO_PASSCRED) is told the sender's real
 * ids: the target's are put in where the mediator may. Where it may not, both must be the same
 * user, and the receiver sees the mediator's process id: not for a message with an address, whose
 * receiver goes by nothing else.
 */
export function sendSigned(
  call: Call,
  socket: TargetSocket,
  letter: Letter,
  flags: number,
): Outcome {
  const { credentials } = call.target;
  const own = call.broker.identity.own;
  if ((own.effective & SIGNS) === SIGNS) {
    const control = Buffer.concat([
      letter.control ?? Buffer.alloc(0),
      credentialsMessage(credentials),
    ]);
    return result(call.effect(() => sendLetter(socket.fd, { ...letter, control }, flags)));
  }
  if (letter.name !== null || own.uid !== credentials.uid || own.gid !== credentials.gid)
    return never(E.PERM, call.name, "the receiver would take the mediator for the sender");
  return result(call.effect(() => sendLetter(socket.fd, letter, flags)));
}

/**
 * struct cmsghdr (len, level, type) and struct ucred (pid, uid, gid) on x86_64, padded to eight
 * bytes.
 */
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
export function sendLetter(fd: number, { data, name, control }: Letter, flags: number): number {
  if (control === null || control.length === 0)
    return sys("sendto", fd, data, data.length, flags, name, name?.length ?? 0);
  const vector = Buffer.alloc(16);
  vector.writeBigUInt64LE(addressOf(data), 0);
  vector.writeBigUInt64LE(BigInt(data.length), 8);
  const header = Buffer.alloc(56);
  header.writeBigUInt64LE(name === null ? 0n : addressOf(name), 0);
  header.writeUInt32LE(name?.length ?? 0, 8);
  header.writeBigUInt64LE(addressOf(vector), 16);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(addressOf(control), 32);
  header.writeBigUInt64LE(BigInt(control.length), 40);
  return sys("sendmsg", fd, header, flags);
}
