import type { SocketPeer } from "../kernel/peer.ts";
import type { Connection } from "./connection.ts";
import type { Request } from "./wire.ts";

/**
 * The service behind one socket. It judges the peer (`peer.ts`) and either answers, now or later,
 * or begins work, during which the client may leave. It never has the client's descriptors: the
 * program that it starts has them (`Connection.begin`).
 */
export interface Verb {
  readonly kind: "verb";
  begin(request: Request, connection: Connection): void | Promise<void>;
  /** One that was not heard, since too many of its user's wait. */
  turnedAway?(peer: SocketPeer): void;
}

/**
 * What is said at one socket goes on to another one, which only root may connect to: a server there
 * reads words and is sent no descriptors.
 */
export interface Passed {
  readonly kind: "passed";
  /** The other one's path. */
  readonly to: string;
  /** The peer that will be behind the process `attendant`; the server closes it. */
  came(attendant: number, peer: SocketPeer): void;
  /** It has ended. */
  left(attendant: number): void;
}
