import type { SocketPeer } from "../kernel/peer.ts";
import type { Connection } from "./connection.ts";
import type { Request } from "./wire.ts";

/**
 * What is done for who connects to one socket. It judges the peer (`peer.ts`), and either answers, now or later, or begins work whose client may go away.
 * The descriptors are closed when the call, and what it promises, is over: what is to go on with them has copies (a child has). A client that goes away meanwhile takes them along.
 */
export interface Verb {
  begin(request: Request, descriptors: readonly number[], connection: Connection): void | Promise<void>;
  /** One that was not heard, since too many of its user's wait. */
  turnedAway?(peer: SocketPeer): void;
}
