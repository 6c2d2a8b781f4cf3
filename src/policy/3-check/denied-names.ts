import { diagnose } from "../../diagnostics/diagnose.ts";
import { areBrokered, type NameRule } from "../../model/policy.ts";
import { isWithin, prefixOf } from "../../model/within.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";
import { follow } from "./follow.ts";
import { covers, literalOf, parentOf } from "./overlap.ts";

/**
 * A denial of a missing name costs a sealed domain its grants on names that are made later beside
 * it.
 */
export const checkDeniedNames: Check = (policy, { snapshot }, report) => {
  if (policy.mediation !== "sealed" || areBrokered(policy.lateNames) || !snapshot) return;
  const allowed = policy.names.filter(
    (rule) => rule.effect === "allow" && rule.pattern.endsWith("/**"),
  );
  for (const deny of policy.names.filter(
    (rule) => rule.effect === "deny" && rule.pattern.startsWith("/"),
  )) {
    const around = allowed.filter(
      (rule) => (rule.permissions & deny.permissions) !== 0 && reachesInto(rule, deny),
    );
    const path = literalOf(deny);
    if (around.length === 0 || path === null) continue;
    const found = follow(path, snapshot);
    if (found.outcome === "missing") {
      report(diagnose("denied-later-name", spanOf(deny.source), { path, folder: parentOf(path) }));
    }
  }
};

/** The denial covers a part of the grant, not all of it. */
function reachesInto(allow: NameRule, deny: NameRule): boolean {
  return (
    isWithin(prefixOf(deny), prefixOf(allow)) &&
    !covers(deny, { ...allow, permissions: allow.permissions & deny.permissions })
  );
}
