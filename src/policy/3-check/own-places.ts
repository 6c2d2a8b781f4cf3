import { diagnose } from "../../diagnostics/diagnose.ts";
import { buildLarger } from "../../model/automaton/build.ts";
import { changing } from "../../model/own-objects.ts";
import type { NameRule } from "../../model/policy.ts";
import { resolveLinks } from "../../model/resolve-links.ts";
import { isWithin, mayReach, prefixOf } from "../../model/within.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check, CheckContext } from "./context.ts";
import { reach } from "./overlap.ts";

/**
 * Grants that name Cofferdam's own objects. A wide grant that only includes them, such as `r
 * /etc/**`, is accepted, and they stay denied. A grant to change them is refused wherever it
 * begins.
 */
export const checkOwnPlaces: Check = (policy, { ownObjects, kept = [], snapshot }, report) => {
  const denials = policy.names.filter((rule) => rule.effect === "deny");
  const places = [
    ...new Set(
      (ownObjects ?? []).map(placeOf).flatMap((place) => [place, resolved(place, snapshot)]),
    ),
  ];
  for (const rule of policy.names) {
    if (rule.effect === "deny" || !rule.pattern.startsWith("/")) continue;
    const prefix = prefixOf(rule);
    const changes = (rule.permissions & changing) !== 0;
    // Most rules begin elsewhere and need no automaton.
    const near = places.filter(
      (place) => isWithin(prefix, place) || (changes && isWithin(place, prefix)),
    );
    const keptNear = changes ? kept.filter((name) => mayReach(prefix, name)) : [];
    if (near.length === 0 && keptNear.length === 0) continue;
    const automaton = buildLarger([rule, ...denials]);
    const path = near.find((place) => {
      const reached = reach(automaton, place);
      return (isWithin(prefix, place) && reached !== 0) || (reached & changing) !== 0;
    });
    const touched = path ?? keptNear.find((name) => (reach(automaton, name) & changing) !== 0);
    if (touched !== undefined)
      report(
        diagnose("own-places", spanOf(rule.source), { rule: rule.source.text, path: touched }),
      );
  }
};

function resolved(place: string, snapshot: CheckContext["snapshot"]): string {
  return (snapshot && resolveLinks(place, snapshot)) ?? place;
}

function placeOf(pattern: string): string {
  const source = { file: "", line: 1, column: 1, text: pattern };
  const rule: NameRule = { effect: "deny", permissions: 0, pattern, source };
  return prefixOf(rule);
}
