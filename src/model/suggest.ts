import { addresses } from "../kinds/addresses/model.ts";
import { sectionOf, type WordRequests, type WordSection, wordKinds } from "../kinds/model.ts";
import { names, twoNames } from "../kinds/names/model.ts";
import { sockets } from "../kinds/sockets/model.ts";
import type { Request } from "./request.ts";
import type { RuleLine } from "./rule-kind.ts";

/** A line of a policy file and the section it belongs to. */
export interface Suggestion {
  readonly section: RuleLine["section"] | WordSection;
  readonly line: string;
}

/**
 * The narrowest single line that makes a policy grant the request, as long as the policy does not
 * deny it and the names of a rename carry no permissions of other rules. null for a request that no
 * line can grant.
 */
export function suggest(request: Request): Suggestion | null {
  switch (request.class) {
    case "name":
      return names.suggest(request);
    case "two-names":
      return twoNames.suggest(request);
    case "address":
      return addresses.suggest(request);
    case "socket":
      return sockets.suggest(request);
    default:
      return suggestWord(sectionOf(request), request);
  }
}

function suggestWord<S extends WordSection>(section: S, request: WordRequests[S]) {
  const line = wordKinds[section].suggest(request);
  return line === null ? null : { section, line };
}
