import type { SocketPeer } from "../kernel/peer.ts";
import { CONNECTIONS_MAX, CONNECTIONS_OF_USER_MAX, WAITING_OF_USER_MAX } from "./limits.ts";

/** What counts of a connection. */
export interface Counted {
  readonly peer: Pick<SocketPeer, "uid">;
  readonly isWaiting: boolean;
}

/** Whether one more connection of a user is served. Others' are no reason to turn root away: who mends the host must get in. */
export function hasRoomFor(user: number, connections: Iterable<Counted>): boolean {
  let all = 0;
  let own = 0;
  let waiting = 0;
  for (const { peer, isWaiting } of connections) {
    all += 1;
    if (peer.uid !== user) continue;
    own += 1;
    if (isWaiting) waiting += 1;
  }
  return waiting < WAITING_OF_USER_MAX && own < CONNECTIONS_OF_USER_MAX && (user === 0 || all < CONNECTIONS_MAX);
}
