import { capabilityMask } from "../../../kernel/capability-mask.ts";
import {
  CAP_SETGID,
  CAP_SETUID,
  CAP_SYS_ADMIN,
  SCM_CREDENTIALS,
  SOL_SOCKET,
} from "../../../kernel/constants.ts";
import { addressOf } from "../../../kernel/ffi.ts";
import { cmsghdr, iovec, msghdr, ucred } from "../../../kernel/structs.ts";
import { never, type Outcome, result } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import { sys } from "../../sys/sys.ts";
import type { Credentials } from "../../target/credentials.ts";
import type { Call } from "../call.ts";
import type { TargetSocket } from "./socket.ts";

/**
 * The capabilities to give other group ids, user ids and process ids in SCM_CREDENTIALS (unix(7)).
 */
export const SIGNS =
  capabilityMask(CAP_SETGID) | capabilityMask(CAP_SETUID) | capabilityMask(CAP_SYS_ADMIN);

export interface Letter {
  readonly data: Buffer;
  /** null: the socket's peer. */
  readonly name: Buffer | null;
  /** Whole struct cmsghdr pieces. */
  readonly control: Buffer | null;
}

/**
 * Sends on a unix socket. A receiver with SO_PASSCRED is told the sender's real ids, so the
 * mediator gives the target's where it may. Otherwise mediator and target must be the same user,
 * and the receiver sees the mediator's process id. A message with an address is then refused,
 * because its receiver has nothing else to identify the sender by.
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

const CREDENTIALS_PADDING = Buffer.alloc(-ucred.size & 7);

/** SCM_CREDENTIALS (unix(7)), padded to eight bytes (cmsg(3)). */
export function credentialsMessage({ tgid, uid, gid }: Credentials): Buffer {
  const header = cmsghdr.encode({
    cmsg_len: BigInt(cmsghdr.size + ucred.size),
    cmsg_level: SOL_SOCKET,
    cmsg_type: SCM_CREDENTIALS,
  });
  return Buffer.concat([header, ucred.encode({ pid: tgid, uid, gid }), CREDENTIALS_PADDING]);
}

export function sendLetter(fd: number, { data, name, control }: Letter, flags: number): number {
  if (control === null || control.length === 0)
    return sys("sendto", fd, data, data.length, flags, name, name?.length ?? 0);
  const vector = iovec.encode({ iov_base: addressOf(data), iov_len: BigInt(data.length) });
  const header = msghdr.encode({
    msg_name: name === null ? 0n : addressOf(name),
    msg_namelen: name?.length ?? 0,
    msg_iov: addressOf(vector),
    msg_iovlen: 1n,
    msg_control: addressOf(control),
    msg_controllen: BigInt(control.length),
  });
  return sys("sendmsg", fd, header, flags);
}
