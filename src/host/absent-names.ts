import { parentsOf } from "../base/parents.ts";
import { fileRights } from "../compile/landlock/rights.ts";
import { permissionsOf } from "../model/decide/permissions-of.ts";
import { isLiteral, literalPrefix, parsePattern } from "../model/pattern.ts";
import type { PermissionSet } from "../model/permission.ts";
import type { NameRule } from "../model/policy.ts";
import { brokeredLate, kernelHeld } from "../model/sealed-view/kernel-grants.ts";
import type { Plan } from "../plan/plan.ts";

/**
 * Single names that the policy grants and that were not there when the plan was made, so that no
 * Landlock rule is on them: the kernel refuses what gets such a name later. Without those that the
 * mediator opens, and those below a directory whose rule grants them as much.
 */
export function absentNames(plan: Plan): readonly string[] {
  const { policy } = plan.mediation;
  const { names, lateNames } = policy;
  const lacking = kernelHeld & ~brokeredLate(lateNames);
  const rules = names.filter(
    ({ effect, permissions }) => effect === "allow" && (permissions & lacking) !== 0,
  );
  const presence = new Presence(plan);
  const absent = new Set(rules.flatMap(literalsOf).filter((path) => presence.lacks(path)));
  return [...absent].filter(
    (path) => !isBelowRule(plan, path, permissionsOf(policy, path) & lacking),
  );
}

/** Nothing is said of procfs: a plan has no facts about it. */
function literalsOf({ pattern }: NameRule): readonly string[] {
  const parsed = parsePattern(pattern);
  if ("problem" in parsed) return [];
  return parsed.pattern.alternatives
    .map((one) => ({ ...parsed.pattern, alternatives: [one] }))
    .filter(isLiteral)
    .map(literalPrefix)
    .filter((path) => path.startsWith("/") && !`${path}/`.startsWith("/proc/"));
}

function isBelowRule({ landlock }: Plan, path: string, permissions: PermissionSet): boolean {
  const above = new Set(["/", ...parentsOf(path)]);
  const rights = (landlock?.paths ?? [])
    .filter((rule) => rule.directory && above.has(rule.path))
    .reduce((sum, rule) => sum | rule.rights, 0n);
  const needed = fileRights(permissions) & (landlock?.handledFs ?? 0n);
  return (rights & needed) === needed;
}

/** What a plan's facts say of names. */
class Presence {
  readonly #kinds: ReadonlyMap<string, "absent" | "node" | "object">;

  constructor({ facts }: Plan) {
    this.#kinds = new Map(
      facts.flatMap((fact) => ("path" in fact ? [[fact.path, fact.kind] as const] : [])),
    );
  }

  /**
   * Whether the name, or a directory above it, was not there. A directory that was listed is a
   * `node`, and names that were missing in it have no fact of their own.
   */
  lacks(path: string): boolean {
    let above = "/";
    for (const name of [path, ...parentsOf(path)].reverse()) {
      const kind = this.#kinds.get(name);
      if (kind === "absent" || (kind === undefined && this.#kinds.get(above) === "node"))
        return true;
      above = name;
    }
    return false;
  }
}
