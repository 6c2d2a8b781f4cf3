import type { HostFacts } from "../../kernel/host-facts.ts";
import { granted } from "../../model/granted.ts";
import { landlockSaysTcp } from "../../model/landlock-ports.ts";
import type { Policy } from "../../model/policy.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { type Holding, type SocketModes, socketModes } from "./modes.ts";

/**
 * How the sockets are confined with which the daemon is started (`inherit: [listen]`). Cgroup
 * programs judge a socket where it was made, and these were made elsewhere. A unix stream that
 * listens or is connected can reach nothing else. An internet socket made in a socket unit's own
 * control group can be covered there: the launcher attaches the programs to that group, too
 * (`native/activation.c`). All others are notified. The launcher examines the inherited sockets
 * before it chooses the filter.
 */
export interface Activation {
  readonly modes: SocketModes;
  /** Landlock's ports express all that the policy says about TCP, wherever a socket was made. */
  readonly tcpHeld: boolean;
  /**
   * There are programs for internet sockets, which may be attached to a socket unit's group, too.
   */
  readonly attachable: boolean;
  readonly asked: string;
}

/** null if the daemon gets no such sockets. */
export function activationOf(
  policy: Policy,
  facts: HostFacts,
  snapshot: Snapshot,
  { inet: ordinary }: Pick<SocketModes, "inet">,
): Activation | null {
  if (!granted(policy.inherit).has("listen")) return null;
  const tcpHeld = holdsTcp(policy, facts);
  const tcp = tcpHeld ? "" : " or TCP (the policy grants it by address)";
  const attachable = ordinary.by === "cgroup";
  const asked = attachable
    ? `unix datagrams, or UDP${tcp} that was made elsewhere`
    : `UDP, unix datagrams${tcp}`;
  const { unix } = socketModes(policy, facts, false, snapshot);
  const inet: Holding = { mode: "broker", by: "broker", granted: true, why: asked };
  return { modes: { inet, unix }, tcpHeld, attachable, asked };
}

function holdsTcp({ addresses }: Policy, facts: HostFacts): boolean {
  return facts.features["landlock-tcp"].state === "yes" && landlockSaysTcp(addresses, "connect");
}
