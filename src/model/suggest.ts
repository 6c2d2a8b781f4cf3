import { addresses } from "../kinds/addresses/model.ts";
import { sectionOf, type WordRequests, type WordSection, wordKinds } from "../kinds/model.ts";
import { names, twoNames } from "../kinds/names/model.ts";
import { sockets } from "../kinds/sockets/model.ts";
import type { Policy } from "./policy.ts";
import type { Request } from "./request.ts";
import type { RuleLine } from "./rule-kind.ts";

/** A line of a policy file and the section it belongs to. */
export interface Suggestion {
  readonly section: RuleLine["section"] | WordSection;
  readonly line: string;
}

/**
 * The narrowest single line with which the policy grants the request, as long as no rule of it
 * denies the request; null if no line does. A policy of null has no rules.
 */
export function suggest(request: Request, policy: Suggesting | null): Suggestion | null {
  switch (request.class) {
    case "name":
      return names.suggest(request, policy?.names ?? []);
    case "two-names":
      return twoNames.suggest(request, policy?.names ?? []);
    case "address":
      return addresses.suggest(request, policy?.addresses ?? []);
    case "socket":
      return sockets.suggest(request, policy?.sockets ?? []);
    default:
      return suggestWord(sectionOf(request), request, policy?.mediation === "sealed");
  }
}

/** What a proposed line depends on. */
type Suggesting = Pick<Policy, "names" | "addresses" | "sockets" | "mediation">;

function suggestWord<S extends WordSection>(section: S, request: WordRequests[S], sealed: boolean) {
  const line = wordKinds[section].suggest(request, sealed);
  return line === null ? null : { section, line };
}
