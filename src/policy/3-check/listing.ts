import { diagnose } from "../../diagnostics/diagnose.ts";
import { bytesOfName } from "../../model/name-bytes.ts";
import { matches, parsePattern } from "../../model/pattern.ts";
import { Permission } from "../../model/permission.ts";
import type { NameRule } from "../../model/policy.ts";
import { sealedView } from "../../model/sealed-view.ts";
import { isWithin, mayReach, prefixOf } from "../../model/within.ts";
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
 * What grants below a procfs do not give in a sealed domain: all of it may be read or nothing, and
 * nothing below its root may be written.
 */
export const checkProcfs: Check = (policy, { snapshot }, report) => {
  if (policy.mediation !== "sealed" || !snapshot) return;
  for (const lost of sealedView(policy, snapshot).lost.filter(({ why }) => why === "procfs")) {
    const deny = policy.names.find(
      (rule) =>
        rule.effect === "deny" &&
        (rule.permissions & Permission.read) !== 0 &&
        mayReach(prefixOf(rule), lost.path),
    );
    const closes = deny === undefined ? "a denial" : `\`${deny.source.text}\``;
    for (const rule of policy.names) {
      const missing = rule.permissions & lost.permissions;
      if (rule.effect === "deny" || !isWithin(prefixOf(rule), lost.path)) continue;
      const { source } = rule;
      const tell = (what: string, cause: string) =>
        report(diagnose("procfs-lost", spanOf(source), { what, rule: source.text, cause }));
      if ((missing & Permission.read) !== 0)
        tell("reads", `${closes} closes all of \`${lost.path}\``);
      if ((missing & ~Permission.read) !== 0)
        tell("changes", `no name below \`${lost.path}\` can be changed`);
    }
  }
};

function covers(rule: NameRule, path: string): boolean {
  const parsed = parsePattern(rule.pattern);
  return "pattern" in parsed && matches(parsed.pattern, bytesOfName(path));
}
