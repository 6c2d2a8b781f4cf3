import { isLiteral, literalPrefix, type Pattern, parsePattern } from "../pattern.ts";
import { Permission } from "../permission.ts";
import type { NameRule } from "../rule.ts";
import { kernelHeld, kernelNames } from "./kernel-grants.ts";
import type { BrokeredRule, DirectoryPlacement } from "./types.ts";

/**
 * Allow rules with what the kernel does not do for them: metadata, sockets, and names outside
 * directories it keeps itself.
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
 * Every name that the pattern lets be made or removed lies below the directories with which this
 * begins: a plain name is made and removed in its parent, any other pattern chooses among names
 * below its prefix.
 */
function placeOfNames(pattern: Pattern): string {
  const prefix = literalPrefix(pattern);
  return isLiteral(pattern) ? prefix : `${prefix}/`;
}
