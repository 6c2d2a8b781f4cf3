import { diagnose } from "../../diagnostics/diagnose.ts";
import { Permission, type PermissionSet } from "../../model/permission.ts";
import type { NameRule } from "../../model/policy.ts";
import { isWithin, prefixOf } from "../../model/within.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";
import { meet } from "./overlap.ts";
import { isHome, secret, shared } from "./shared-folders.ts";

/** Makes code of a file. */
const runs = Permission.execute | Permission.map;
/** Decides what a file contains. */
const fills = Permission.write | Permission.create;
const change = Permission.write | Permission.create | Permission.delete | Permission.attributes;

/** Grants that reach far beyond one daemon, and programs that it may write and then execute. */
export const checkWide: Check = (policy, _context, report) => {
  const allowed = policy.names.filter((rule) => rule.effect === "allow");
  for (const rule of allowed) {
    const folder = prefixOf(rule);
    if (
      takesAll(rule) &&
      (rule.permissions & change) !== 0 &&
      (shared.includes(folder) || isHome(folder))
    ) {
      report(
        diagnose("wide-write", spanOf(rule.source), {
          rule: rule.source.text,
          folder,
          base: folder === "/" ? "/srv" : folder,
          domain: policy.name,
        }),
      );
    }
    if (
      takesAll(rule) &&
      (rule.permissions & Permission.read) !== 0 &&
      (secret.includes(folder) || isHome(folder))
    ) {
      report(diagnose("wide-read", spanOf(rule.source), { rule: rule.source.text, folder }));
    }
  }
  reportWriteAndExecute(allowed, policy.names, report);
};

/** Everything in a folder, or everything at one depth in it. */
function takesAll(rule: NameRule): boolean {
  return /\/\*\*?(?:\/\*\*?)*$/.test(rule.pattern) && rule.pattern.startsWith("/");
}

function reportWriteAndExecute(
  allowed: readonly NameRule[],
  all: readonly NameRule[],
  report: Parameters<Check>[2],
): void {
  const executable = allowed.filter((rule) => (rule.permissions & runs) !== 0);
  const writable = allowed.filter((rule) => (rule.permissions & fills) !== 0);
  const denials = all.filter((rule) => rule.effect === "deny");
  for (const rule of executable) {
    const other = writable.find((candidate) => overlap(rule, candidate, denials));
    if (other !== undefined)
      report(
        diagnose("write-and-execute", spanOf(rule.source), {
          rule: rule.source.text,
          other: other.source.text,
        }),
      );
  }
}

/** Whether the denial leaves nothing of `wanted` that the rule grants. */
function takes(deny: NameRule, rule: NameRule, wanted: PermissionSet): boolean {
  return (rule.permissions & wanted & ~deny.permissions) === 0;
}

/** Whether some name is executable by `a` and writable by `b`, after denials. */
function overlap(a: NameRule, b: NameRule, denials: readonly NameRule[]): boolean {
  if (!isWithin(prefixOf(a), prefixOf(b)) && !isWithin(prefixOf(b), prefixOf(a))) return false;
  return meet(
    [a],
    denials.filter((deny) => takes(deny, a, runs) || takes(deny, b, fills)),
    [b],
  );
}
