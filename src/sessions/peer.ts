import type { Places } from "../host/places.ts";
import { statusOf, whereabouts } from "../host/whereabouts.ts";
import type { SocketPeer } from "../kernel/peer.ts";

/** Only processes of this domain may ask for `supershell`. */
export const SHELL_DOMAIN = "shell";

/**
 * The reason why a peer may not have a sandboxed shell, or null. A process that is already
 * confined, by a domain or by something that set no_new_privs, would lose its confinement through a
 * shell that is not its child.
 */
export function outsideRefusal(peer: SocketPeer, places: Pick<Places, "system">): string | null {
  const where = whereabouts(peer.pid, places);
  const noNewPrivileges = statusOf(peer.pid, "NoNewPrivs");
  if (!peer.isAlive()) return "the process that asked has exited";
  if (where.kind === "domain") return `this is the domain ${where.member.domain} already`;
  if (where.kind !== "outside") return "a shell is for processes outside every domain";
  return noNewPrivileges === "0"
    ? null
    : "a shell is for processes that may gain privileges: this one has no_new_privs";
}

/**
 * The process id of the peer's run in domain `shell`, or a text that says why the peer is not in
 * it.
 */
export function shellRunOf(peer: SocketPeer, places: Pick<Places, "system">): number | string {
  const where = whereabouts(peer.pid, places);
  if (!peer.isAlive()) return "the process that asked has exited";
  const isShell =
    where.kind === "domain" && where.member.domain === SHELL_DOMAIN && where.member.run !== null;
  return isShell ? (where.member.run as number) : "this is for the sandboxed shell alone";
}
