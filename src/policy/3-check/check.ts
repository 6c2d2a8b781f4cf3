import { diagnose } from "../../diagnostics/diagnose.ts";
import { type Diagnostic, startOf } from "../../diagnostics/diagnostic.ts";
import type { Policy } from "../../model/policy.ts";
import { DIAGNOSTICS_MAX } from "../limits.ts";
import { checkAccounts } from "./accounts.ts";
import type { Check, CheckContext } from "./context.ts";
import { checkCovered } from "./covered.ts";
import { checkDeniedNames } from "./denied-names.ts";
import { checkEngine } from "./engine.ts";
import { checkForeignFiles } from "./foreign-files.ts";
import { checkMissing } from "./missing.ts";
import { checkOwnPlaces } from "./own-places.ts";
import { checkSingleFiles } from "./single-files.ts";
import { checkSocketPaths } from "./socket-paths.ts";
import { checkTokens } from "./tokens.ts";
import { checkTransitions } from "./transitions.ts";
import { checkWide } from "./wide.ts";

export type { CheckContext } from "./context.ts";

const checks: readonly Check[] = [
  checkOwnPlaces,
  checkTokens,
  checkTransitions,
  checkAccounts,
  checkCovered,
  checkMissing,
  checkDeniedNames,
  checkSingleFiles,
  checkWide,
  checkForeignFiles,
  checkSocketPaths,
  checkEngine,
];

/**
 * What there is to say about a policy that means something: mistakes that only a host shows, grants that are wider than they
 * look, and what the engine makes of it. Sorted by place. The policy may be used only if none of them is an error.
 */
export function check(policy: Policy, context: CheckContext): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const run of checks) run(policy, context, (diagnostic) => found.push(diagnostic));
  const files = [...new Set(found.map((diagnostic) => diagnostic.file))];
  const sorted = found.toSorted(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
  // Errors come first to be kept: a cut list must not turn a refused policy into an accepted one.
  if (sorted.length <= DIAGNOSTICS_MAX) return sorted;
  const kept = sorted
    .toSorted((a, b) => Number(b.severity === "error") - Number(a.severity === "error"))
    .slice(0, DIAGNOSTICS_MAX);
  const place = startOf(kept[0]?.file ?? "");
  return [...kept, diagnose("diagnostics-cut", place, { count: sorted.length - kept.length })];
}
