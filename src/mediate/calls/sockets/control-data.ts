import {
  IP_PKTINFO,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_UDP,
  IPV6_HOPLIMIT,
  IPV6_PKTINFO,
  IPV6_TCLASS,
  SCM_CREDENTIALS,
  SCM_RIGHTS,
  SOL_SOCKET,
  UDP_SEGMENT,
} from "../../../kernel/constants.ts";
import { cmsghdr, ucred } from "../../../kernel/structs.ts";
import { error, never, type Outcome } from "../../answer/outcome.ts";
import { E } from "../../sys/abi.ts";
import { errnoOf } from "../../sys/errno.ts";
import type { Call } from "../call.ts";
import { sameFile } from "../descriptors/same-file.ts";

/** The header of each piece of control data, which is padded to eight bytes (cmsg(3)). */
const HEADER_BYTES = cmsghdr.size;
/**
 * Limit on the control data of a message, bytes: the kernel's own for all of a socket's options
 * (net.core.optmem_max).
 */
const CONTROL_BYTES_MAX = 128 * 1024;
/**
 * Limit on the descriptors of a message: the kernel's SCM_MAX_FD. While the call waits the mediator
 * has a copy of each, and all its domains share its table of descriptors.
 */
const DESCRIPTORS_MAX = 253;

/**
 * Control data that names no destination (ip(7), ipv6(7), udp(7)): source, lifetime, class and
 * segment size.
 */
const HARMLESS: Readonly<Record<number, readonly number[]>> = {
  [IPPROTO_IP]: [IP_TOS, IP_TTL, IP_PKTINFO],
  [IPPROTO_IPV6]: [IPV6_PKTINFO, IPV6_HOPLIMIT, IPV6_TCLASS],
  [IPPROTO_UDP]: [UDP_SEGMENT],
};

/**
 * Control data that the mediator may send for a supervised target. Its descriptors are replaced by
 * copies of the target's own open files. Its credentials are left out, because the sender adds them
 * (`signed-send.ts`). Anything that could lead a packet elsewhere is refused.
 */
export function carried(
  call: Call,
  { at, length }: { at: bigint; length: bigint },
): Buffer | Outcome {
  if (length > BigInt(CONTROL_BYTES_MAX)) return error(E.NOBUFS);
  const bytes = call.target.memory.read(at, Number(length));
  const pieces: Buffer[] = [];
  let descriptors = 0;
  for (let start = 0; start + HEADER_BYTES <= bytes.length; ) {
    const size = Number(cmsghdr.decode(bytes, start).cmsg_len);
    if (size < HEADER_BYTES || size > bytes.length - start) return error(E.INVAL);
    if (isOf(bytes.subarray(start), SCM_RIGHTS))
      descriptors += Math.floor((size - HEADER_BYTES) / 4);
    if (descriptors > DESCRIPTORS_MAX) return error(E.INVAL);
    const padded = Buffer.alloc((size + 7) & ~7);
    bytes.copy(padded, 0, start, start + size);
    const problem = translate(call, padded, size);
    if (problem !== null) return problem;
    if (!isOf(padded, SCM_CREDENTIALS)) pieces.push(padded);
    start += padded.length;
  }
  return Buffer.concat(pieces);
}

function isOf(piece: Buffer, type: number): boolean {
  const { cmsg_level, cmsg_type } = cmsghdr.decode(piece);
  return cmsg_level === SOL_SOCKET && cmsg_type === type;
}

function translate(call: Call, piece: Buffer, size: number): Outcome | null {
  const { cmsg_level: level, cmsg_type: type } = cmsghdr.decode(piece);
  if (level !== SOL_SOCKET) {
    if (HARMLESS[level]?.includes(type)) return null;
    return never(E.PERM, call.name, `control data ${level}:${type}`);
  }
  if (type === SCM_CREDENTIALS)
    return ownCredentials(call, piece) ? null : never(E.PERM, call.name, "another's credentials");
  if (type !== SCM_RIGHTS) return never(E.PERM, call.name, `control data ${level}:${type}`);
  for (let offset = HEADER_BYTES; offset + 4 <= size; offset += 4) {
    const copy = sameFile(call, piece.readInt32LE(offset));
    if (copy < 0) return error(errnoOf(copy));
    piece.writeInt32LE(copy, offset);
  }
  return null;
}

/** Whether the target names itself in struct ucred, as the mediator will. */
function ownCredentials(call: Call, piece: Buffer): boolean {
  const { ownTgid, uid, gid } = call.target.credentials;
  const said = ucred.decode(piece, HEADER_BYTES);
  return said.pid === ownTgid && said.uid === uid && said.gid === gid;
}
