import { AF_UNIX, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_SEQPACKET } from "../../kernel/constants.ts";
import { sys } from "../sys/sys.ts";

export interface SocketPair {
  readonly own: number;
  readonly its: number;
}

/** A connection of messages; null where no descriptor is left. */
export function socketPair(): SocketPair | null {
  const ends = Buffer.alloc(8);
  const type = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;
  if (sys("socketpair", AF_UNIX, type, 0, ends) < 0) return null;
  return { own: ends.readInt32LE(0), its: ends.readInt32LE(4) };
}
