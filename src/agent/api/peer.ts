import { hostAccounts } from "../../compile/accounts.ts";
import { isAdministrator } from "../../host/administrators.ts";
import type { Places } from "../../host/places.ts";
import { whereabouts } from "../../host/whereabouts.ts";
import { type SocketPeer, socketPeer } from "../../kernel/peer.ts";

/** Decided anew for each request. */
export type Caller =
  | { readonly state: "refused"; readonly why: string; readonly help: string }
  | {
      readonly state: "accepted";
      readonly uid: number;
      readonly gid: number;
      readonly name: string | null;
      /** root and the group: may change levels and reload. */
      readonly administers: boolean;
    };

/** null if the process has ended already. */
export function peerOf(socket: number): SocketPeer | null {
  return socketPeer(socket);
}

/**
 * Refuses processes inside a domain, and mediators, which act for one, before anything else is
 * examined. What /proc says counts only if the connected process still exists afterwards: its
 * process id was then its own.
 */
export function judgePeer(peer: SocketPeer, places: Pick<Places, "system">): Caller {
  const refusal = refusalOf(peer.pid, places);
  if (!peer.isAlive()) return refused("the process that connected has ended");
  return refusal === null ? accepted(peer) : refused(refusal);
}

export function accepted(peer: SocketPeer): Caller {
  const { users, groups } = hostAccounts();
  return {
    state: "accepted",
    ...{ uid: peer.uid, gid: peer.gid },
    name: users.find(({ uid }) => uid === peer.uid)?.name ?? null,
    administers: isAdministrator(peer, groups),
  };
}

function refused(why: string): Caller {
  return { state: "refused", why, help: "ask from outside every domain" };
}

function refusalOf(pid: number, places: Pick<Places, "system">): string | null {
  const where = whereabouts(pid, places);
  switch (where.kind) {
    case "outside":
      return null;
    case "domain":
      return `process ${pid} is in the domain ${where.member.domain}`;
    case "mediator":
      return `process ${pid} is a mediator`;
    case "unknown":
      return `whether process ${pid} is in a domain cannot be told on this host`;
  }
}
