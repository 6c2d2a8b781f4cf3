import { networkInterfaces } from "node:os";
import { canonicalNames } from "../../compile/canonical-names.ts";
import { hostSnapshot } from "../../compile/host-snapshot.ts";
import { oneMoment } from "../../compile/one-moment.ts";
import type { Policy } from "../../model/policy.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { usablePolicies } from "../load.ts";
import type { Places } from "../places.ts";
import { standingOf } from "../standing.ts";
import { usableNames } from "../usable-names.ts";
import type { ReachDomain } from "./hop.ts";
import type { ReachHost } from "./reach.ts";

/** A policy and its files, the domain's own first. */
interface Written {
  readonly policy: Policy;
  readonly files: readonly string[];
}

/**
 * Every domain of this host by its level in force. `start` is among them, and stands in for the
 * host's policy of its name. Policies that cannot be used start no domain and are left out.
 */
export function reachHost(places: Places, start: Written): ReachHost {
  const snapshot = oneMoment(hostSnapshot());
  const others = usablePolicies(places).filter(({ policy }) => policy.name !== start.policy.name);
  return {
    domains: [start, ...others].map((written) => domainOf(places, written, snapshot)),
    snapshot,
    addresses: Object.values(networkInterfaces()).flatMap((all) =>
      (all ?? []).map(({ address }) => address.replace(/%.*$/, "")),
    ),
  };
}

function domainOf(places: Places, { policy, files }: Written, snapshot: Snapshot): ReachDomain {
  const { name } = policy;
  const canonical = canonicalNames(policy, snapshot, places.own, [...files, ...places.kept]);
  const names = usableNames(name, canonical, `${name}: `);
  const { level } = standingOf(places, policy, files, false);
  return { name, level, policy: names.policy };
}
