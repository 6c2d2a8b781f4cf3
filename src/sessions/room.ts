import type { SocketPeer } from "../kernel/peer.ts";
import {
  CONNECTIONS_MAX,
  CONNECTIONS_OF_USER_MAX,
  STUCK_MAX,
  STUCK_OF_USER_MAX,
  WAITING_OF_USER_MAX,
} from "./limits.ts";

export interface Counted {
  readonly peer: Pick<SocketPeer, "uid">;
  readonly isWaiting: boolean;
  /** The connection is over, and its attendant has not exited. */
  readonly isStuck: boolean;
}

/** Users that may not connect. Root always may, so that an administrator can repair the host. */
export type ShutOut = ReadonlySet<number> | "everybody";

/**
 * Whether one more connection of a user is served. Other users' connections never keep root out, so
 * that an administrator can repair the host.
 */
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
  return (
    waiting < WAITING_OF_USER_MAX &&
    own < CONNECTIONS_OF_USER_MAX &&
    (user === 0 || all < CONNECTIONS_MAX)
  );
}

/**
 * Users with too many stuck attendants. They may not even connect to be refused, because each
 * refusal takes a further process.
 */
export function shutOut(present: Iterable<Counted>): ShutOut {
  const stuck = new Map<number, number>();
  let all = 0;
  for (const { peer, isStuck } of present) {
    if (!isStuck || peer.uid === 0) continue;
    all += 1;
    stuck.set(peer.uid, (stuck.get(peer.uid) ?? 0) + 1);
  }
  if (all > STUCK_MAX) return "everybody";
  return new Set([...stuck].flatMap(([user, count]) => (count > STUCK_OF_USER_MAX ? [user] : [])));
}
