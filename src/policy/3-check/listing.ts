import { diagnose } from "../../diagnostics/diagnose.ts";
import { bytesOfName } from "../../model/name-bytes.ts";
import { matches, parsePattern } from "../../model/pattern.ts";
import { Permission } from "../../model/permission.ts";
import type { NameRule } from "../../model/policy.ts";
import { sealedView } from "../../model/sealed-view.ts";
import { isWithin, prefixOf } from "../../model/within.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";

/**
 * Directories of this host that may be read and yet cannot be listed, one for each rule that grants
 * reading one.
 */
export const checkListing: Check = (policy, { snapshot }, report) => {
  if (policy.mediation !== "sealed" || !snapshot) return;
  const lost = sealedView(policy, snapshot).lost.filter(({ why }) => why === "listing");
  for (const rule of policy.names) {
    if (rule.effect === "deny" || (rule.permissions & Permission.read) === 0) continue;
    const folder = lost.find(({ path }) => covers(rule, path))?.path;
    if (folder === undefined) continue;
    const deny = policy.names.find((other) => {
      const readable = other.effect === "allow" || (other.permissions & Permission.read) === 0;
      return !readable && isWithin(prefixOf(other), folder);
    });
    const cause =
      deny === undefined
        ? "not everything below it may be read"
        : `\`${deny.source.text}\` lies below it`;
    report(diagnose("listing-lost", spanOf(rule.source), { folder, cause }));
  }
};

/**
 * Grants below a procfs that a sealed domain does not get: all of it may be read or nothing, and
 * nothing below its root may be written.
 */
export const checkProcfs: Check = (policy, { snapshot }, report) => {
  if (policy.mediation !== "sealed" || !snapshot) return;
  for (const lost of sealedView(policy, snapshot).lost.filter(({ why }) => why === "procfs")) {
    const below = (rule: NameRule) => isWithin(prefixOf(rule), lost.path);
    const deny = policy.names.find(
      (rule) => rule.effect === "deny" && below(rule) && (rule.permissions & Permission.read) !== 0,
    );
    for (const rule of policy.names) {
      const isLost = rule.effect === "allow" && (rule.permissions & lost.permissions) !== 0;
      if (!isLost || !below(rule)) continue;
      const isRead = (rule.permissions & lost.permissions & Permission.read) !== 0;
      const cause =
        isRead && deny !== undefined
          ? `\`${deny.source.text}\` closes all of \`${lost.path}\``
          : `nothing below \`${lost.path}\` can be written by its name`;
      report(diagnose("procfs-lost", spanOf(rule.source), { rule: rule.source.text, cause }));
    }
  }
};

function covers(rule: NameRule, path: string): boolean {
  const parsed = parsePattern(rule.pattern);
  return "pattern" in parsed && matches(parsed.pattern, bytesOfName(path));
}
