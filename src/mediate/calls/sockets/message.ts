import { IOV_MAX } from "../../../kernel/constants.ts";
import { iovec, msghdr } from "../../../kernel/structs.ts";
import { E } from "../../sys/abi.ts";
import { Content, type Stretch } from "../../target/content.ts";
import type { Call } from "../call.ts";
import { type Address, readAddress } from "./address.ts";

/** Bytes that one call sends, whatever is asked: the kernel's MAX_RW_COUNT. */
const SENT_BYTES_MAX = 0x7ffff000;

/** What is to be sent, but for its content copied out of the target. */
export interface Message {
  readonly address: Address | null;
  readonly content: Content;
  /**
   * Where its control data lies: what it carries are the sender's descriptors and identity, not the
   * mediator's.
   */
  readonly control: { readonly at: bigint; readonly length: bigint } | null;
}

/**
 * struct msghdr on x86_64 (sendmsg(2)), 56 bytes. Negated error number for what the kernel would
 * refuse too.
 */
export function readMessage(call: Call, pointer: bigint): Message | number {
  const header = msghdr.decode(call.target.memory.read(pointer, msghdr.size));
  const name = header.msg_name;
  // The kernel takes it for an int (copy_msghdr_from_user).
  const nameLength = header.msg_namelen | 0;
  const address = name === 0n || nameLength === 0 ? null : readAddress(call, name, nameLength);
  if (typeof address === "number") return address;
  const content = call.rehearses
    ? nothing(call)
    : readVector(call, header.msg_iov, header.msg_iovlen);
  if (typeof content === "number") return content;
  const control = { at: header.msg_control, length: header.msg_controllen };
  return { address, content, control: control.length === 0n ? null : control };
}

/** Up to IOV_MAX pieces (struct iovec, 16 bytes each), as the kernel counts them (import_iovec). */
function readVector(call: Call, pointer: bigint, count: bigint): Content | number {
  if (count > BigInt(IOV_MAX)) return -E.MSGSIZE;
  const { memory } = call.target;
  const vector = memory.read(pointer, iovec.size * Number(count));
  const stretches: Stretch[] = [];
  let left = SENT_BYTES_MAX;
  for (let at = 0; at < vector.length; at += iovec.size) {
    const { iov_base, iov_len } = iovec.decode(vector, at);
    const length = BigInt.asIntN(64, iov_len);
    if (length < 0n) return -E.INVAL;
    const taken = length > BigInt(left) ? left : Number(length);
    stretches.push({ at: iov_base, length: taken });
    left -= taken;
  }
  return new Content(memory, stretches);
}

/** One stretch of memory, as sendto has it. */
export function contentAt(call: Call, at: bigint, length: bigint): Content {
  if (call.rehearses) return nothing(call);
  const taken = length > BigInt(SENT_BYTES_MAX) ? SENT_BYTES_MAX : Number(length);
  return new Content(call.target.memory, [{ at, length: taken }]);
}

/** What is sent by who only looks. */
function nothing(call: Call): Content {
  return new Content(call.target.memory, []);
}
