import { sockaddrIn, sockaddrIn6, sockaddrUn } from "../../../kernel/structs.ts";
import { E } from "../../sys/abi.ts";
import type { Bytes } from "../../sys/sys.ts";
import type { Call } from "../call.ts";
import { ADDRESS_BYTES_MAX, AF } from "./socket.ts";

/** Copied once from the target; `bytes` is what the kernel gets. */
export type Address =
  | {
      readonly kind: "inet";
      readonly bytes: Buffer;
      readonly address: Uint8Array;
      readonly port: number;
    }
  | { readonly kind: "path"; readonly bytes: Buffer; readonly path: Bytes }
  | { readonly kind: "abstract"; readonly bytes: Buffer; readonly name: Bytes }
  /** A unix address without a name: when binding, the kernel chooses one. */
  | { readonly kind: "unnamed"; readonly bytes: Buffer }
  | { readonly kind: "other"; readonly bytes: Buffer; readonly family: number };

/** Returns a negated error number for an impossible length. */
export function readAddress(call: Call, pointer: bigint, length: number): Address | number {
  if (length < 0 || length > ADDRESS_BYTES_MAX) return -E.INVAL;
  return parseAddress(call.target.memory.read(pointer, length));
}

/** The scope is optional (SIN6_LEN_RFC2133). */
const SOCKADDR_IN6_BYTES_MIN = sockaddrIn6.offset.sin6_scope_id;

/** struct sockaddr_in, sockaddr_in6, sockaddr_un (ip(7), ipv6(7), unix(7)). */
export function parseAddress(bytes: Buffer): Address | number {
  if (bytes.length < sockaddrUn.offset.sun_path) return -E.INVAL;
  const family = bytes.readUInt16LE(sockaddrUn.offset.sun_family);
  if (family === AF.unix) return parseUnix(bytes);
  if (family === AF.inet && bytes.length >= sockaddrIn.size)
    return inet(bytes, sockaddrIn.offset.sin_addr, 4);
  if (family === AF.inet6 && bytes.length >= SOCKADDR_IN6_BYTES_MIN)
    return inet(bytes, sockaddrIn6.offset.sin6_addr, 16);
  return { kind: "other", bytes, family };
}

function inet(bytes: Buffer, at: number, length: number): Address {
  return {
    kind: "inet",
    bytes,
    port: bytes.readUInt16BE(sockaddrIn.offset.sin_port),
    address: new Uint8Array(bytes.subarray(at, at + length)),
  };
}

function parseUnix(bytes: Buffer): Address | number {
  const name = bytes.subarray(sockaddrUn.offset.sun_path);
  if (name.length === 0) return { kind: "unnamed", bytes };
  if (name.length > sockaddrUn.size - sockaddrUn.offset.sun_path) return -E.INVAL;
  if (name[0] === 0) return { kind: "abstract", bytes, name: `@${name.toString("latin1", 1)}` };
  const end = name.indexOf(0);
  return { kind: "path", bytes, path: name.toString("latin1", 0, end < 0 ? name.length : end) };
}
