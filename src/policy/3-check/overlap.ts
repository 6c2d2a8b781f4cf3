import { type Automaton, walkName } from "../../model/automaton/automaton.ts";
import { buildAutomaton, buildLarger } from "../../model/automaton/build.ts";
import { literalPrefix, parsePattern } from "../../model/pattern.ts";
import { Permission, type PermissionSet } from "../../model/permission.ts";
import type { NameRule } from "../../model/policy.ts";

/** Whether every name and permission of `rule` is one of `other`: `rule` minus `other` is empty. */
export function covers(other: NameRule, rule: NameRule): boolean {
  if ((rule.permissions & ~other.permissions) !== 0) return false;
  return grantsNothing(
    buildAutomaton([
      { ...rule, effect: "allow" },
      { ...other, effect: "deny" },
    ]),
  );
}

/**
 * No canonical name is left. For abstract names, which may have empty components, no name at all.
 */
export function grantsNothing(automaton: Automaton): boolean {
  return reach(automaton, "/") === 0 && automaton.dead(walkName(automaton, "@"));
}

/**
 * Whether one of `some`, minus `denied`, and one of `others` match the same name, with whatever
 * permissions.
 */
export function meet(
  some: readonly NameRule[],
  denied: readonly NameRule[],
  others: readonly NameRule[],
): boolean {
  const rules = [
    ...some.map((rule): NameRule => ({ ...rule, effect: "allow", permissions: Permission.read })),
    ...denied.map((rule): NameRule => ({ ...rule, effect: "deny", permissions: Permission.read })),
    ...others.map(
      (rule): NameRule => ({ ...rule, effect: "allow", permissions: Permission.write }),
    ),
  ];
  const both = Permission.read | Permission.write;
  return buildLarger(rules).table.permissions.some((permissions) => permissions === both);
}

/** On `path` itself or on some name below it. */
export function reach(automaton: Automaton, path: string): PermissionSet {
  const at = walkName(automaton, path);
  const below = path === "/" ? at : walkName(automaton, "/", at);
  return automaton.permissions(at) | automaton.reachable(below);
}

/** null for a pattern that matches several names. */
export function literalOf(rule: NameRule): string | null {
  const parsed = parsePattern(rule.pattern);
  if ("problem" in parsed || parsed.pattern.alternatives.length !== 1) return null;
  const plain =
    parsed.pattern.alternatives[0]?.atoms.every((atom) => atom.kind === "byte") ?? false;
  return plain ? literalPrefix(parsed.pattern) : null;
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}
