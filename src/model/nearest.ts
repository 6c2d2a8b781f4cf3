import { addresses } from "../kinds/addresses/model.ts";
import { names, twoNames } from "../kinds/names/model.ts";
import { sockets } from "../kinds/sockets/model.ts";
import type { Policy } from "./policy.ts";
import type { Request } from "./request.ts";
import type { Near } from "./rule-kind.ts";

/**
 * Of the grants that do not apply to a request the one that comes nearest; null if none is near. A
 * word grants itself or nothing, so that no word is near another.
 */
export function nearestGrant(policy: Policy, request: Request): Near | null {
  switch (request.class) {
    case "name":
      return names.nearest(policy.names, request);
    case "two-names":
      return twoNames.nearest(policy.names, request);
    case "address":
      return addresses.nearest(policy.addresses, request);
    case "socket":
      return sockets.nearest(policy.sockets, request);
    default:
      return null;
  }
}
