import { SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_SEQPACKET } from "../../kernel/constants.ts";
import * as sys from "../sys/sys.ts";

export interface SocketPair {
  readonly own: number;
  readonly its: number;
}

/** null if no descriptor is left. */
export function socketPair(): SocketPair | null {
  const ends = sys.socketPair(SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC);
  return ends === null ? null : { own: ends[0], its: ends[1] };
}
