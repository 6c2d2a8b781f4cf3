import { diagnose } from "../../diagnostics/diagnose.ts";
import { type Automaton, walk } from "../../model/automaton/automaton.ts";
import { buildLarger } from "../../model/automaton/build.ts";
import { hostSwitches } from "../../model/host-switches.ts";
import { bytesOfName } from "../../model/name-bytes.ts";
import { changing } from "../../model/own-objects.ts";
import type { PermissionSet } from "../../model/permission.ts";
import { mayReach, prefixOf } from "../../model/within.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";
import { reach } from "./overlap.ts";

/**
 * Grants to change files that make the kernel act outside every domain. These files stay denied.
 * One file is named per rule.
 */
export const checkHostSwitches: Check = (policy, _context, report) => {
  const denials = policy.names.filter((rule) => rule.effect === "deny");
  for (const rule of policy.names) {
    if (
      rule.effect === "deny" ||
      (rule.permissions & changing) === 0 ||
      !rule.pattern.startsWith("/")
    )
      continue;
    const near = hostSwitches.filter((path) => mayReach(prefixOf(rule), nameOf(path)));
    if (near.length === 0) continue;
    const automaton = buildLarger([rule, ...denials]);
    const path = near.find((one) => (permissionsOf(automaton, one) & changing) !== 0);
    if (path === undefined) continue;
    report(
      diagnose("host-switch", spanOf(rule.source), { rule: rule.source.text, path: nameOf(path) }),
    );
  }
};

function permissionsOf(automaton: Automaton, path: string): PermissionSet {
  if (path.endsWith("/")) return reach(automaton, nameOf(path));
  return automaton.permissions(walk(automaton, bytesOfName(path)));
}

function nameOf(path: string): string {
  return path.replace(/\/$/, "");
}
