import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { formatLetters, Permission } from "../../model/permission.ts";
import { areBrokered, type NameRule, type Policy } from "../../model/policy.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { isWithin, prefixOf } from "../../model/within.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";
import { follow } from "./follow.ts";
import { covers, literalOf, parentOf } from "./overlap.ts";
import { isHome, secret, shared } from "./shared-folders.ts";

/** Folders whose files are not replaced by renaming: devices, and files that the kernel makes. */
const lasting = ["/dev", "/proc", "/sys"];
const held = Permission.read | Permission.write | Permission.execute;
/** Of shared folders; the others are counted. */
const PINNED_NAMED_MAX = 4;

/**
 * Grants that a sealed domain holds as files of its start: single names, and globs that later files
 * would match.
 */
export const checkSingleFiles: Check = (policy, { snapshot }, report) => {
  if (policy.mediation !== "sealed" || areBrokered(policy.lateNames) || !snapshot) return;
  const pinned = new Map<string, NameRule>();
  for (const rule of policy.names) {
    const path = prefixOf(rule);
    if (rule.effect === "deny" || (rule.permissions & held) === 0 || !path.startsWith("/"))
      continue;
    if (lasting.some((folder) => isWithin(path, folder))) continue;
    const literal = literalOf(rule);
    if (literal === null) checkGlob(rule, policy, report);
    else if (!isReplaced(rule, literal, policy, snapshot)) continue;
    else if (!isOfMany(parentOf(literal))) reportFile(rule, literal, report);
    else if (!pinned.has(literal)) pinned.set(literal, rule);
  }
  reportPinned(pinned, report);
};

/**
 * The file exists, is granted only by its name, and may be replaced by another file of that name.
 */
function isReplaced(rule: NameRule, path: string, policy: Policy, snapshot: Snapshot): boolean {
  const found = follow(path, snapshot);
  // A restart of the daemon after an update executes its programs anew, so x alone is no trap.
  const onlyRun = (rule.permissions & held) === Permission.execute;
  const isFile = found.outcome === "found" && !found.directory;
  return isFile && !onlyRun && !folderIsGranted(rule, path, policy);
}

/** Granting all of /etc for one file in it would be worse. */
function isOfMany(folder: string): boolean {
  return shared.includes(folder) || secret.includes(folder) || isHome(folder);
}

function reportFile(rule: NameRule, path: string, report: Report): void {
  const wider = `${formatLetters(rule.permissions)} ${parentOf(path)}/**`;
  report(diagnose("single-file", spanOf(rule.source), { path, rule: wider }));
}

/** Most of them come with abstractions and not from the policy's author, so one line covers all. */
function reportPinned(pinned: ReadonlyMap<string, NameRule>, report: Report): void {
  const [first] = pinned.values();
  if (first === undefined) return;
  const names = [...pinned.keys()].map((path) => `\`${path}\``);
  const more = names.length - PINNED_NAMED_MAX;
  const rest = more > 0 ? ` and ${more} more` : "";
  const files = names.slice(0, PINNED_NAMED_MAX).join(", ") + rest;
  report(diagnose("pinned-file", spanOf(first.source), { files }));
}

function checkGlob(rule: NameRule, policy: Policy, report: Report): void {
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
