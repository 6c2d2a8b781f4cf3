import { IOV_MAX } from "../../../kernel/constants.ts";
import { iovec, msghdr } from "../../../kernel/structs.ts";
import { E } from "../../sys/abi.ts";
import { Content, type Stretch } from "../../target/content.ts";
import type { Call } from "../call.ts";
import { type Address, readAddress } from "./address.ts";

/** Limit on the bytes of one call: the kernel's MAX_RW_COUNT. */
const SENT_BYTES_MAX = 0x7ffff000;

/** All but the content has been copied from the target. */
export interface Message {
  readonly address: Address | null;
  readonly content: Content;
  /**
   * Where its control data lies, with the target's descriptors and identity, which must be
   * translated.
   */
  readonly control: { readonly at: bigint; readonly length: bigint } | null;
}

/** Returns a negated error number for what the kernel would refuse, too. */
export function readMessage(call: Call, pointer: bigint): Message | number {
  const header = msghdr.decode(call.target.memory.read(pointer, msghdr.size));
  const name = header.msg_name;
  // The kernel takes it as an int (copy_msghdr_from_user).
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

/** Reads up to IOV_MAX pieces, counted as in the kernel (import_iovec). */
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

/** One stretch of memory, as sendto names it. */
export function contentAt(call: Call, at: bigint, length: bigint): Content {
  if (call.rehearses) return nothing(call);
  const taken = length > BigInt(SENT_BYTES_MAX) ? SENT_BYTES_MAX : Number(length);
  return new Content(call.target.memory, [{ at, length: taken }]);
}

function nothing(call: Call): Content {
  return new Content(call.target.memory, []);
}
