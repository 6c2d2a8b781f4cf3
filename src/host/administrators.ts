import type { GroupEntry } from "../compile/accounts.ts";
import type { SocketPeer } from "../kernel/peer.ts";

/** Members of this group may do what root may, where there is one. */
export const ADMINISTRATORS = "cofferdam";

/** By the kernel's word about the peer's user and groups. */
export function isAdministrator(
  { uid, gid, groups }: SocketPeer,
  known: readonly GroupEntry[],
): boolean {
  const administrators = known.find(({ name }) => name === ADMINISTRATORS)?.gid;
  return uid === 0 || (administrators !== undefined && [gid, ...groups].includes(administrators));
}
