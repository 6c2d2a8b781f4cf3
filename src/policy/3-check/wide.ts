import { diagnose } from "../../diagnostics/diagnose.ts";
import { buildAutomaton } from "../../model/automaton/build.ts";
import { Permission } from "../../model/permission.ts";
import type { NameRule } from "../../model/policy.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";
import { isWithin, prefixOf, reach } from "./overlap.ts";

/** Folders that many programs share: whoever may change everything in one reaches all of them. */
const shared = ["/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/opt", "/root", "/run", "/srv", "/tmp", "/usr", "/usr/bin", "/usr/lib"]
  .concat(["/usr/local", "/usr/sbin", "/usr/share", "/var", "/var/cache", "/var/lib", "/var/log", "/var/run", "/var/spool", "/var/tmp"]);
/** Folders with secrets of others in them. */
const secret = ["/", "/etc", "/home", "/proc", "/root", "/run", "/var", "/var/lib", "/etc/ssl/private", "/etc/ssh"];
const change = Permission.write | Permission.create | Permission.delete | Permission.attributes;

/** Grants that reach far beyond one daemon, and programs that it may write and then run. */
export const checkWide: Check = (policy, _context, report) => {
  const allowed = policy.names.filter((rule) => rule.effect === "allow");
  for (const rule of allowed) {
    const folder = prefixOf(rule);
    if (takesAll(rule) && (rule.permissions & change) !== 0 && (shared.includes(folder) || isHome(folder))) {
      report(diagnose("wide-write", spanOf(rule.source), { rule: rule.source.text, folder: folder === "/" ? "" : folder, domain: policy.name }));
    }
    if (takesAll(rule) && (rule.permissions & Permission.read) !== 0 && (secret.includes(folder) || isHome(folder))) {
      report(diagnose("wide-read", spanOf(rule.source), { rule: rule.source.text, folder }));
    }
  }
  reportWriteAndExecute(allowed, policy.names, report);
};

/** Everything in a folder, or everything of one depth in it. */
function takesAll(rule: NameRule): boolean {
  return /\/\*\*?(?:\/\*\*?)*$/.test(rule.pattern) && rule.pattern.startsWith("/");
}

function isHome(folder: string): boolean {
  return /^\/home\/[^/]+$/.test(folder);
}

function reportWriteAndExecute(allowed: readonly NameRule[], all: readonly NameRule[], report: Parameters<Check>[2]): void {
  const executable = allowed.filter((rule) => (rule.permissions & Permission.execute) !== 0);
  const writable = allowed.filter((rule) => (rule.permissions & Permission.write) !== 0);
  const denials = all.filter((rule) => rule.effect === "deny");
  for (const rule of executable) {
    const other = writable.find((candidate) => overlap(rule, candidate, denials));
    if (other !== undefined) report(diagnose("write-and-execute", spanOf(rule.source), { rule: rule.source.text, other: other.source.text }));
  }
}

/** Some name is both executable by `a` and writable by `b`, denials taken off. */
function overlap(a: NameRule, b: NameRule, denials: readonly NameRule[]): boolean {
  if (!isWithin(prefixOf(a), prefixOf(b)) && !isWithin(prefixOf(b), prefixOf(a))) return false;
  const runs: NameRule = { ...a, permissions: Permission.execute };
  // What is left of `a` when `b` is taken off is less than `a` exactly where they meet.
  const whole = buildAutomaton([runs, ...denials]);
  const rest = buildAutomaton([runs, ...denials, { ...b, effect: "deny", permissions: Permission.execute }]);
  if (reach(whole, "/") === 0) return false;
  return whole.table.stateCount !== rest.table.stateCount || !sameTable(whole.table.next, rest.table.next) || !sameTable(whole.table.permissions, rest.table.permissions);
}

function sameTable(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, index) => value === b[index]);
}
