import {
  EAGAIN,
  EINTR,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_TRUNC,
  SCM_RIGHTS,
  SOL_SOCKET,
} from "./constants.ts";
import { addressOf, syscallRaw } from "./ffi.ts";
import { cmsghdr, iovec, msghdr } from "./structs.ts";
import { number as syscallNumber } from "./syscalls.ts";

const RECVMSG = syscallNumber("recvmsg") ?? 0;

/** The result of one recvmsg(2). */
export type Received =
  /** No message yet. */
  | { readonly kind: "nothing" }
  | { readonly kind: "error"; readonly errno: number }
  | {
      readonly kind: "received";
      /** Empty at the end of a stream. */
      readonly bytes: Buffer;
      /** The receiver must close them; close-on-exec. */
      readonly descriptors: readonly number[];
      /** More descriptors came than fit, or control data of another kind. */
      readonly strange: boolean;
    };

/**
 * Receives one message from a unix socket without waiting: at most `bytesMax` bytes and
 * `descriptorsMax` descriptors (recvmsg(2), unix(7)).
 */
export function receive(socket: number, bytesMax: number, descriptorsMax: number): Received {
  const bytes = Buffer.from(new ArrayBuffer(bytesMax));
  // Room for twice as many, so that an excess is noticed.
  const control = Buffer.from(new ArrayBuffer(cmsghdr.size + 4 * 2 * descriptorsMax));
  const vector = Buffer.from(
    iovec.encode({ iov_base: addressOf(bytes), iov_len: BigInt(bytes.length) }),
  );
  const header = Buffer.from(
    msghdr.encode({
      msg_iov: addressOf(vector),
      msg_iovlen: 1n,
      msg_control: addressOf(control),
      msg_controllen: BigInt(control.length),
    }),
  );
  const got = syscallRaw(RECVMSG, socket, header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got === -EAGAIN || got === -EINTR) return { kind: "nothing" };
  if (got < 0) return { kind: "error", errno: -got };
  const { msg_flags, msg_controllen } = msghdr.decode(header);
  const { descriptors, other } = descriptorsIn(
    control.subarray(0, Math.min(Number(msg_controllen), control.length)),
  );
  const cut = (msg_flags & (MSG_TRUNC | MSG_CTRUNC)) !== 0;
  return { kind: "received", bytes: bytes.subarray(0, got), descriptors, strange: cut || other };
}

/** The descriptors in the control data; `other` where it contains anything else. */
function descriptorsIn(control: Buffer): { descriptors: number[]; other: boolean } {
  const descriptors: number[] = [];
  let other = false;
  for (let at = 0; at + cmsghdr.size <= control.length; ) {
    const { cmsg_len, cmsg_level, cmsg_type } = cmsghdr.decode(control.subarray(at));
    const end = at + Number(cmsg_len);
    if (end < at + cmsghdr.size || end > control.length) return { descriptors, other: true };
    if (cmsg_level !== SOL_SOCKET || cmsg_type !== SCM_RIGHTS) other = true;
    else
      for (let fd = at + cmsghdr.size; fd + 4 <= end; fd += 4)
        descriptors.push(control.readInt32LE(fd));
    at += Math.ceil(Number(cmsg_len) / 8) * 8;
  }
  return { descriptors, other };
}
