import type { GroupEntry } from "../compile/accounts.ts";
import type { SocketPeer } from "../kernel/peer.ts";

/** Members of this group, if it exists, may do what root may. */
export const ADMINISTRATORS = "cofferdam";

/** By the kernel's record of the peer's user and groups. */
export function isAdministrator(
  { uid, gid, groups }: SocketPeer,
  known: readonly GroupEntry[],
): boolean {
  const administrators = known.find(({ name }) => name === ADMINISTRATORS)?.gid;
  return uid === 0 || (administrators !== undefined && [gid, ...groups].includes(administrators));
}
