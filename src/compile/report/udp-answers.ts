import type { Policy } from "../../model/policy.ts";
import { grantsUdpAnswers } from "../../model/udp-destinations.ts";

/**
 * What becomes of answers over UDP, to append to the words about sockets. `byPrograms`: cgroup
 * programs judge each send, and no mediator does.
 */
export function answersWords({ addresses }: Policy, byPrograms: boolean): string {
  if (!grantsUdpAnswers(addresses)) return "";
  return byPrograms
    ? "; a socket on a port of `listen udp` may answer what it has received"
    : "; it does not know what a socket has received, so answers over UDP take `connect udp`, too";
}
