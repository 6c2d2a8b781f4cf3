import { isLiteral, literalPrefix, type Pattern, parsePattern } from "../pattern.ts";
import { Permission } from "../permission.ts";
import type { NameRule } from "../rule.ts";
import { kernelHeld, kernelNames } from "./kernel-grants.ts";
import type { BrokeredRule, DirectoryPlacement } from "./types.ts";

/**
 * Grants with the permissions that the mediator must judge: metadata, sockets, and names outside
 * the directories in which the kernel makes names.
 */
export function brokeredRules(
  rules: readonly NameRule[],
  directories: readonly DirectoryPlacement[],
): readonly BrokeredRule[] {
  const brokered: BrokeredRule[] = [];
  for (const rule of rules) {
    if (rule.effect === "deny") continue;
    const parsed = parsePattern(rule.pattern);
    if ("problem" in parsed) continue;
    let permissions = rule.permissions & ~kernelHeld & ~Permission.map;
    if ((permissions & kernelNames) !== 0) {
      const place = placeOfNames(parsed.pattern);
      for (const { path, rights } of directories) {
        if (place.startsWith(path === "/" ? "/" : `${path}/`))
          permissions &= ~(rights & kernelNames);
      }
    }
    if (permissions !== 0) brokered.push({ rule, permissions });
  }
  return brokered;
}

/**
 * The directory below which every name lies that the pattern lets be made or removed: the parent of
 * a plain name, the literal prefix of any other pattern.
 */
function placeOfNames(pattern: Pattern): string {
  const prefix = literalPrefix(pattern);
  return isLiteral(pattern) ? prefix : `${prefix}/`;
}
