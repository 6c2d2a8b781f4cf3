import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { bytesOfName } from "../../model/name-bytes.ts";
import { matches, parsePattern } from "../../model/pattern.ts";
import { Permission } from "../../model/permission.ts";
import type { NameRule, Policy } from "../../model/policy.ts";
import { type Deviation, sealedView } from "../../model/sealed-view.ts";
import { isWithin, mayReach, prefixOf } from "../../model/within.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";

/** What a sealed domain does not get of its grants on this host. */
export const checkLost: Check = (policy, { snapshot, incomplete = false }, report) => {
  if (policy.mediation !== "sealed" || !snapshot) return;
  const { lost } = sealedView(policy, snapshot);
  // A part that could not be read may grant what a directory lacks to be listed.
  if (!incomplete) tellListing(policy, lost, report);
  tellProcfs(policy, lost, report);
};

/** Directories that may be read and yet cannot be listed, one for each rule that grants reading. */
function tellListing(policy: Policy, lost: readonly Deviation[], report: Report): void {
  const folders = lost.filter(({ why }) => why === "listing");
  for (const rule of policy.names) {
    if (rule.effect === "deny" || (rule.permissions & Permission.read) === 0) continue;
    const folder = folders.find(({ path }) => covers(rule, path))?.path;
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
}

/** Of a procfs all may be read or nothing, and nothing below its root may be written. */
function tellProcfs(policy: Policy, lost: readonly Deviation[], report: Report): void {
  for (const { path, permissions } of lost.filter(({ why }) => why === "procfs")) {
    const deny = policy.names.find(
      (rule) =>
        rule.effect === "deny" &&
        (rule.permissions & Permission.read) !== 0 &&
        mayReach(prefixOf(rule), path),
    );
    const closes = deny === undefined ? "a denial" : `\`${deny.source.text}\``;
    for (const rule of policy.names) {
      if (rule.effect === "deny" || !isWithin(prefixOf(rule), path)) continue;
      const { source } = rule;
      const missing = rule.permissions & permissions;
      const tell = (what: string, cause: string) =>
        report(diagnose("procfs-lost", spanOf(source), { what, rule: source.text, cause }));
      if ((missing & Permission.read) !== 0) tell("reads", `${closes} closes all of \`${path}\``);
      if ((missing & ~Permission.read) !== 0)
        tell("changes", `no name below \`${path}\` can be changed`);
    }
  }
}

function covers(rule: NameRule, path: string): boolean {
  const parsed = parsePattern(rule.pattern);
  return "pattern" in parsed && matches(parsed.pattern, bytesOfName(path));
}
