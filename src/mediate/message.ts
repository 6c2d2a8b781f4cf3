import { E } from "./abi.ts";
import { type Address, readAddress } from "./address.ts";
import type { Call } from "./call.ts";
import { MESSAGE_BYTES_MAX } from "./limits.ts";

/** Pieces of one message, as uio.h has it (UIO_MAXIOV). */
const IOV_MAX = 1024;

/** What is to be sent, copied out of the target. */
export interface Message {
  readonly address: Address | null;
  readonly data: Buffer;
  /** Where its control data lies: what it carries are the sender's descriptors and identity, not the mediator's. */
  readonly control: { readonly at: bigint; readonly length: bigint } | null;
}

/** struct msghdr on x86_64 (sendmsg(2)), 56 bytes. Negated error number for what the kernel would refuse too. */
export function readMessage(call: Call, pointer: bigint): Message | number {
  const header = call.target.memory.read(pointer, 56);
  const nameLength = header.readInt32LE(8);
  const name = header.readBigUInt64LE(0);
  const address = name === 0n || nameLength === 0 ? null : readAddress(call, name, nameLength);
  if (typeof address === "number") return address;
  // Nothing is sent by who only looks.
  const data = call.rehearses
    ? Buffer.alloc(0)
    : readVector(call, header.readBigUInt64LE(16), header.readBigUInt64LE(24));
  if (typeof data === "number") return data;
  const control = { at: header.readBigUInt64LE(32), length: header.readBigUInt64LE(40) };
  return { address, data, control: control.length === 0n ? null : control };
}

/** What lies in up to IOV_MAX pieces (struct iovec, 16 bytes each), cut at {@link MESSAGE_BYTES_MAX}: senders of streams go on, datagrams of that size do not exist. */
function readVector(call: Call, pointer: bigint, count: bigint): Buffer | number {
  if (count > BigInt(IOV_MAX)) return -E.MSGSIZE;
  const vector = call.target.memory.read(pointer, 16 * Number(count));
  const pieces: Buffer[] = [];
  let left = MESSAGE_BYTES_MAX;
  for (let at = 0; at < vector.length && left > 0; at += 16) {
    const length = vector.readBigUInt64LE(at + 8);
    const taken = length > BigInt(left) ? left : Number(length);
    pieces.push(call.target.memory.read(vector.readBigUInt64LE(at), taken));
    left -= taken;
  }
  return Buffer.concat(pieces);
}
