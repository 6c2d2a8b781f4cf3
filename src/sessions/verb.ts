import type { SocketPeer } from "../kernel/peer.ts";
import type { Connection } from "./connection.ts";
import type { Request } from "./wire.ts";

/**
 * What is done for who connects to one socket. It judges the peer (`peer.ts`), and either answers, now or later, or begins work whose client may go away.
 * The descriptors are closed after the call: what is to go on with them has copies (a child has).
 */
export interface Verb {
  begin(request: Request, descriptors: readonly number[], connection: Connection): void;
  /** One that was not heard, since too many of its user's wait. */
  turnedAway?(peer: SocketPeer): void;
}
