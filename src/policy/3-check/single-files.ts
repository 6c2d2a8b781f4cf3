import { diagnose } from "../../diagnostics/diagnose.ts";
import { formatLetters, Permission } from "../../model/permission.ts";
import type { NameRule, Policy } from "../../model/policy.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { isWithin, prefixOf } from "../../model/within.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";
import { follow } from "./follow.ts";
import { covers, literalOf, parentOf } from "./overlap.ts";
import { isHome, secret, shared } from "./shared-folders.ts";

/** Folders whose files are not replaced by renaming: devices, and what the kernel itself makes. */
const lasting = ["/dev", "/proc", "/sys"];
const held = Permission.read | Permission.write | Permission.execute;

/**
 * Grants that a sealed domain holds as files of its start: single names, and globs that later files
 * would match.
 */
export const checkSingleFiles: Check = (policy, { snapshot }, report) => {
  if (policy.mediation !== "sealed" || !snapshot) return;
  for (const rule of policy.names) {
    const path = prefixOf(rule);
    if (rule.effect === "deny" || (rule.permissions & held) === 0 || !path.startsWith("/"))
      continue;
    if (lasting.some((folder) => isWithin(path, folder))) continue;
    const literal = literalOf(rule);
    if (literal === null) checkGlob(rule, policy, report);
    else checkFile(rule, literal, policy, snapshot, report);
  }
};

function checkFile(
  rule: NameRule,
  path: string,
  policy: Policy,
  snapshot: Snapshot,
  report: Parameters<Check>[2],
): void {
  const found = follow(path, snapshot);
  // Programs are executed anew by whoever restarts the daemon after an update, so that x alone is
  // no trap.
  const onlyRun = (rule.permissions & held) === Permission.execute;
  if (
    found.outcome !== "found" ||
    found.directory ||
    onlyRun ||
    folderIsGranted(rule, path, policy)
  )
    return;
  const folder = parentOf(path);
  // Granting all of /etc for one file in it would be the greater evil.
  if (shared.includes(folder) || secret.includes(folder) || isHome(folder))
    report(diagnose("pinned-file", spanOf(rule.source), { path }));
  else
    report(
      diagnose("single-file", spanOf(rule.source), {
        path,
        rule: `${formatLetters(rule.permissions)} ${folder}/**`,
      }),
    );
}

function checkGlob(rule: NameRule, policy: Policy, report: Parameters<Check>[2]): void {
  const folder = prefixOf(rule);
  if (rule.pattern.endsWith("/**") || folderIsGranted(rule, `${folder}/x`, policy)) return;
  const under = folder === "/" ? "/**" : `${folder}/**`;
  report(
    diagnose("late-names", spanOf(rule.source), {
      pattern: rule.pattern,
      rule: `${formatLetters(rule.permissions)} ${under}`,
    }),
  );
}

function folderIsGranted(rule: NameRule, path: string, policy: Policy): boolean {
  const permissions = rule.permissions & held;
  return policy.names.some((other) => {
    if (
      other === rule ||
      other.effect === "deny" ||
      !other.pattern.endsWith("/**") ||
      literalOf(other) !== null
    )
      return false;
    return (
      prefixOf(other).length <= parentOf(path).length && covers(other, { ...rule, permissions })
    );
  });
}
