import { diagnose } from "../../diagnostics/diagnose.ts";
import { type Automaton, walkName } from "../../model/automaton/automaton.ts";
import { buildLarger } from "../../model/automaton/build.ts";
import { Permission } from "../../model/permission.ts";
import type { NameRule, Policy } from "../../model/policy.ts";
import { prefixOf } from "../../model/within.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";
import { parentOf, reach } from "./overlap.ts";

const change = Permission.write | Permission.create | Permission.delete;

/**
 * Grants to change what another domain executes, reads as its configuration, or keeps as its own.
 */
export const checkForeignFiles: Check = (policy, { others = () => [] }, report) => {
  const denials = policy.names.filter((rule) => rule.effect === "deny");
  const writers = policy.names.filter(
    (rule) => rule.effect === "allow" && (rule.permissions & change) !== 0,
  );
  for (const rule of writers) {
    const automaton = buildLarger([
      { ...rule, permissions: rule.permissions & change },
      ...denials,
    ]);
    for (const other of others()) {
      if (other.name === policy.name) continue;
      const hit = usesOf(other).find(({ path }) => reaches(automaton, path));
      if (hit === undefined) continue;
      const values = { rule: rule.source.text, path: hit.path, domain: other.name, use: hit.use };
      report(diagnose("foreign-files", spanOf(rule.source), values));
    }
  }
};

/** The grant can change the path or something below it, or replace a folder above it. */
function reaches(automaton: Automaton, path: string): boolean {
  if (reach(automaton, path) !== 0) return true;
  for (let above = parentOf(path); above !== "/"; above = parentOf(above)) {
    const permissions = automaton.permissions(walkName(automaton, above));
    if ((permissions & (Permission.create | Permission.delete)) !== 0) return true;
  }
  return false;
}

interface FileUse {
  readonly path: string;
  readonly use: "runs" | "reads" | "writes";
}

/**
 * The folders where a domain's rules begin. Shared places such as / and /tmp belong to no domain.
 */
function usesOf(policy: Policy): FileUse[] {
  const rules = policy.names.filter(
    (rule) => rule.effect === "allow" && rule.pattern.startsWith("/"),
  );
  return rules
    .map((rule) => ({ path: prefixOf(rule), use: useOf(rule) }))
    .filter(({ path }) => isItsOwn(path));
}

function useOf(rule: NameRule): FileUse["use"] {
  if ((rule.permissions & Permission.execute) !== 0) return "runs";
  return (rule.permissions & change) !== 0 ? "writes" : "reads";
}

function isItsOwn(path: string): boolean {
  return (
    path.split("/").length > 2 &&
    !["/dev", "/proc", "/sys"].some((folder) => path.startsWith(`${folder}/`)) &&
    path !== "/var/tmp"
  );
}
