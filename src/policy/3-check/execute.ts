import { diagnose } from "../../diagnostics/diagnose.ts";
import { buildAutomaton } from "../../model/automaton/build.ts";
import { formatLetters, Permission } from "../../model/permission.ts";
import type { NameRule } from "../../model/policy.ts";
import { spanOf } from "../2-resolve/rule-source.ts";
import type { Check } from "./context.ts";
import { grantsNothing } from "./overlap.ts";

/**
 * execve opens a program for executing and reading, so a program that may only be executed cannot
 * start.
 */
export const checkExecute: Check = (policy, _context, report) => {
  const readable = policy.names
    .filter(
      ({ effect, permissions }) => effect === "allow" && (permissions & Permission.read) !== 0,
    )
    .map((rule): NameRule => ({ ...rule, effect: "deny", permissions: Permission.execute }));
  for (const rule of policy.names) {
    if (
      rule.effect === "deny" ||
      (rule.permissions & (Permission.execute | Permission.read)) !== Permission.execute
    ) {
      continue;
    }
    if (grantsNothing(buildAutomaton([{ ...rule, permissions: Permission.execute }, ...readable])))
      continue;
    const letters = formatLetters(rule.permissions | Permission.read);
    report(
      diagnose("execute-unreadable", spanOf(rule.source), { rule: rule.source.text, letters }),
    );
  }
};
