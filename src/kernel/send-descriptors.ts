import { MSG_DONTWAIT, MSG_NOSIGNAL, SCM_RIGHTS, SOL_SOCKET } from "./constants.ts";
import { addressOf, syscallRaw } from "./ffi.ts";
import { cmsghdr, iovec, msghdr } from "./structs.ts";
import { number as syscallNumber } from "./syscalls.ts";

const SENDMSG = syscallNumber("sendmsg") ?? 0;
/** Control data is padded to words of this size (cmsg(3)). */
const ALIGNMENT = 8;

/**
 * Sends one message with copies of descriptors (SCM_RIGHTS, unix(7)), without waiting. Returns
 * false if it could not be sent as a whole.
 */
export function sendDescriptors(
  socket: number,
  bytes: Uint8Array,
  descriptors: readonly number[],
): boolean {
  const text = Buffer.from(new ArrayBuffer(bytes.length));
  text.set(bytes);
  const control = controlOf(descriptors);
  const vector = Buffer.from(
    iovec.encode({ iov_base: addressOf(text), iov_len: BigInt(text.length) }),
  );
  const header = Buffer.from(
    msghdr.encode({
      msg_iov: addressOf(vector),
      msg_iovlen: 1n,
      msg_control: control.length === 0 ? 0n : addressOf(control),
      msg_controllen: BigInt(control.length),
    }),
  );
  return syscallRaw(SENDMSG, socket, header, MSG_DONTWAIT | MSG_NOSIGNAL) === text.length;
}

function controlOf(descriptors: readonly number[]): Buffer {
  if (descriptors.length === 0) return Buffer.alloc(0);
  const length = cmsghdr.size + 4 * descriptors.length;
  const control = Buffer.from(new ArrayBuffer(Math.ceil(length / ALIGNMENT) * ALIGNMENT));
  control.set(
    cmsghdr.encode({ cmsg_len: BigInt(length), cmsg_level: SOL_SOCKET, cmsg_type: SCM_RIGHTS }),
  );
  for (const [index, fd] of descriptors.entries())
    control.writeInt32LE(fd, cmsghdr.size + 4 * index);
  return control;
}
