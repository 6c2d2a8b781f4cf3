import { literalPrefix, parsePattern } from "../pattern.ts";
import { Permission } from "../permission.ts";
import type { NameRule } from "../policy.ts";
import { kernelHeld, kernelNames } from "./kernel-grants.ts";
import type { BrokeredRule, DirectoryPlacement } from "./types.ts";

/** Allow rules with what the kernel does not do for them: metadata, sockets, and names outside directories it keeps itself. */
export function brokeredRules(
  rules: readonly NameRule[],
  directories: readonly DirectoryPlacement[],
): readonly BrokeredRule[] {
  const kept = directories.filter(({ rights }) => (rights & kernelNames) !== 0);
  const brokered: BrokeredRule[] = [];
  for (const rule of rules) {
    if (rule.effect === "deny") continue;
    const parsed = parsePattern(rule.pattern);
    if ("problem" in parsed) continue;
    const prefix = `${literalPrefix(parsed.pattern)}/`;
    let permissions = rule.permissions & ~kernelHeld & ~Permission.map;
    for (const { path, rights } of kept) {
      const isDirectoryItself = prefix === `${path}/` && !rule.pattern.endsWith("/**");
      if (prefix.startsWith(path === "/" ? "/" : `${path}/`) && !isDirectoryItself)
        permissions &= ~(rights & kernelNames);
    }
    if (permissions !== 0) brokered.push({ rule, permissions });
  }
  return brokered;
}
