import { addresses } from "../kinds/addresses/model.ts";
import { names, twoNames } from "../kinds/names/model.ts";
import { sockets } from "../kinds/sockets/model.ts";
import { judgeWord } from "./decide/words.ts";
import type { Policy } from "./policy.ts";
import type { Request } from "./request.ts";
import type { SealedView } from "./sealed-view.ts";
import type { Decision } from "./verdict.ts";

/**
 * The reference monitor: what a policy answers to a request. Total and pure; every engine is tested
 * against it.
 *
 * Default deny. A matching denial beats every grant. The order of rules changes no outcome, only
 * which of several equal rules is named. With `sealed` the answer is that of a sealed domain, for
 * the names and files of its start.
 */
export function decide(policy: Policy, request: Request, sealed?: SealedView): Decision {
  switch (request.class) {
    case "name":
      return names.decide(policy.names, request, sealed);
    case "two-names":
      return twoNames.decide(policy.names, request);
    case "address":
      return addresses.decide(policy.addresses, request);
    case "socket":
      return sockets.decide(policy.sockets, request);
    default:
      // The type checker accepts only requests of word kinds here.
      return judgeWord(policy, request, policy.name);
  }
}
