import { networkInterfaces } from "node:os";
import { hostSnapshot } from "../../compile/host-snapshot.ts";
import { oneMoment } from "../../compile/one-moment.ts";
import type { Policy } from "../../model/policy.ts";
import { usablePolicies } from "../load.ts";
import type { Places } from "../places.ts";
import { standingOf } from "../standing.ts";
import { namesOnHost, usableNames, type Written } from "../usable-names.ts";
import type { ReachDomain } from "./hop.ts";
import type { ReachHost } from "./reach.ts";

/**
 * Every domain of this host by its level in force. `start` is among them, and stands in for the
 * host's policy of its name. Policies that cannot be used start no domain and are left out.
 */
export function reachHost(places: Places, start: Written): ReachHost {
  const snapshot = oneMoment(hostSnapshot());
  const others = usablePolicies(places).filter(({ policy }) => policy.name !== start.policy.name);
  const { name } = start.policy;
  const own = usableNames(name, namesOnHost(places, start, snapshot), `${name}: `);
  return {
    domains: [
      domainOf(places, start, own),
      ...others.flatMap((written) => {
        const names = namesOnHost(places, written, snapshot);
        return "problems" in names ? [] : [domainOf(places, written, names)];
      }),
    ],
    snapshot,
    addresses: Object.values(networkInterfaces()).flatMap((all) =>
      (all ?? []).map(({ address }) => address.replace(/%.*$/, "")),
    ),
  };
}

function domainOf(
  places: Places,
  { policy, files }: Written,
  onHost: { readonly policy: Policy },
): ReachDomain {
  const { level } = standingOf(places, policy, files, false);
  return { name: policy.name, level, policy: onHost.policy };
}
