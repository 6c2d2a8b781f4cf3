import type { SocketPeer } from "../kernel/peer.ts";
import type { Connection } from "./connection.ts";
import type { Request } from "./wire.ts";

/**
 * The service behind one socket. It judges the peer (`peer.ts`), then answers, at once or later, or
 * starts work, which may outlive the client. It never has the client's descriptors: the program
 * that it starts gets them (`Connection.begin`).
 */
export interface Verb {
  readonly kind: "verb";
  begin(request: Request, connection: Connection): void | Promise<void>;
  /** A connection was refused because its user has too many. */
  turnedAway?(peer: SocketPeer): void;
}

/**
 * Connects the client to another socket, which only root may connect to. A server there reads the
 * client's words but gets none of its descriptors.
 */
export interface Passed {
  readonly kind: "passed";
  /** The path of that socket. */
  readonly to: string;
  /** The process `attendant` is about to connect on behalf of `peer`. The server closes `peer`. */
  came(attendant: number, peer: SocketPeer): void;
  left(attendant: number): void;
}
