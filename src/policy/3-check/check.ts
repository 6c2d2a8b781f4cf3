import { once } from "../../base/once.ts";
import { diagnose } from "../../diagnostics/diagnose.ts";
import { type Diagnostic, startOf } from "../../diagnostics/diagnostic.ts";
import type { Policy } from "../../model/policy.ts";
import { DIAGNOSTICS_MAX } from "../limits.ts";
import { checkAccounts } from "./accounts.ts";
import type { Check, CheckContext } from "./context.ts";
import { checkCoreDumps } from "./core-dumps.ts";
import { checkCovered } from "./covered.ts";
import { checkDeniedNames } from "./denied-names.ts";
import { checkEngine } from "./engine.ts";
import { checkEntries } from "./entries.ts";
import { checkExecute } from "./execute.ts";
import { checkForeignFiles } from "./foreign-files.ts";
import { checkHostSwitches } from "./host-switches.ts";
import { checkLost } from "./lost.ts";
import { checkMissing } from "./missing.ts";
import { onHost } from "./on-host.ts";
import { checkOwnPlaces } from "./own-places.ts";
import { checkSingleFiles } from "./single-files.ts";
import { checkSocketPaths } from "./socket-paths.ts";
import { checkStart } from "./start.ts";
import { checkTokens } from "./tokens.ts";
import { checkTransitions } from "./transitions.ts";
import { checkWide } from "./wide.ts";

export type { CheckContext } from "./context.ts";

/** Of the policy as it is written. These may report errors, */
const errorChecks: readonly Check[] = [checkTokens, checkTransitions, checkAccounts];
/** these only give advice. */
const adviceChecks: readonly Check[] = [
  checkCovered,
  checkMissing,
  checkDeniedNames,
  checkSingleFiles,
  checkEngine,
  checkCoreDumps,
  checkEntries,
];

/**
 * These report a rule because another one is missing. If a part of the policy could not be read,
 * that part may be the missing rule.
 */
const wantWhole: readonly Check[] = [checkSingleFiles, checkExecute, checkStart];

/** Of the names as this host resolves them: a link must not hide what a grant reaches. */
const errorChecksOnHost: readonly Check[] = [checkOwnPlaces];
const adviceChecksOnHost: readonly Check[] = [
  checkHostSwitches,
  checkWide,
  checkForeignFiles,
  checkLost,
  checkSocketPaths,
  checkExecute,
  checkStart,
];

/**
 * Diagnoses a resolved policy: mistakes that only show on a host, grants that are wider than they
 * look, and what the engine makes of it. Sorted by place. The policy may be used only if no
 * diagnostic is an error.
 */
export function check(policy: Policy, context: CheckContext): Diagnostic[] {
  return outcome(
    policy,
    context,
    [...errorChecks, ...adviceChecks],
    [...errorChecksOnHost, ...adviceChecksOnHost],
  );
}

/**
 * The errors of {@link check}, in far less time: for callers that only need to know whether the
 * policy may be used.
 */
export function checkErrors(policy: Policy, context: CheckContext): Diagnostic[] {
  // Only for advice, and opens programs, which may wait for their file system.
  const { hasExecutableStack: _, ...needed } = context;
  const found = outcome(policy, needed, errorChecks, errorChecksOnHost);
  return found.filter(({ severity }) => severity === "error");
}

function outcome(
  policy: Policy,
  context: CheckContext,
  checks: readonly Check[],
  checksOnHost: readonly Check[],
): Diagnostic[] {
  const found: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic) => void found.push(diagnostic);
  const { snapshot, others, incomplete = false } = context;
  const meant = (run: Check) => !(incomplete && wantWhole.includes(run));
  for (const run of checks.filter(meant)) run(policy, context, report);
  const resolved = onHost(policy, snapshot, report);
  // Problems of other policies are not reported here.
  const neighbours =
    others && once(() => others().map((other) => onHost(other, snapshot, () => undefined)));
  const seen = new Set<string>();
  for (const run of checksOnHost.filter(meant)) {
    run(resolved, { ...context, ...(neighbours && { others: neighbours }) }, (diagnostic) => {
      // One word of the policy may have become several rules.
      const key = `${diagnostic.code} ${diagnostic.file}:${diagnostic.line}:${diagnostic.column}`;
      if (!seen.has(key)) report(diagnostic);
      seen.add(key);
    });
  }
  const files = [...new Set(found.map((diagnostic) => diagnostic.file))];
  const sorted = found.toSorted(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
  // Errors are kept first: a cut list must not turn a refused policy into an accepted one.
  if (sorted.length <= DIAGNOSTICS_MAX) return sorted;
  const kept = sorted
    .toSorted((a, b) => Number(b.severity === "error") - Number(a.severity === "error"))
    .slice(0, DIAGNOSTICS_MAX);
  const place = startOf(kept[0]?.file ?? "");
  return [...kept, diagnose("diagnostics-cut", place, { count: sorted.length - kept.length })];
}
