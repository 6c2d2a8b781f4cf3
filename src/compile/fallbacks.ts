import { type FeatureName, type HostFacts, type Probe, whyMissing } from "../kernel/host-facts.ts";
import type { BestEffort } from "../model/policy.ts";
import { targetAccess } from "./attended.ts";
import type { Fallback } from "./fallback-rows.ts";
import { LANDLOCK_ABI_MIN } from "./landlock/rights.ts";
import type { Needs } from "./needs.ts";
import { type CompileProblem, problem } from "./problem.ts";

/** A feature that is missing and needed, with what follows for this policy. */
export interface Missing {
  readonly fallback: Fallback;
  readonly why: string;
  readonly stopsTheStart: boolean;
}

/** `unknown` counts as missing: what could not be tried cannot be relied upon. */
export function missingFeatures(
  facts: HostFacts,
  needs: Needs,
  bestEffort: readonly BestEffort[],
  rows: readonly Fallback[],
): Missing[] {
  return rows.flatMap((fallback) => {
    const probe = probeOf(facts, fallback.feature);
    if (probe.state === "yes" || fallback.without === "unused" || !fallback.needed(needs))
      return [];
    const agreed = fallback.bestEffort !== null && bestEffort.includes(fallback.bestEffort);
    const stopsTheStart =
      fallback.without === "fail" || (fallback.without === "best-effort" && !agreed);
    return [{ fallback, why: whyMissing(fallback.feature, probe), stopsTheStart }];
  });
}

/** Landlock that cannot move files between directories (ABI 1) is not enough to hold them. */
function probeOf(facts: HostFacts, feature: FeatureName): Probe {
  if (feature === "target-access") return targetAccess(facts);
  const old = feature === "landlock-files" && facts.landlockAbi < LANDLOCK_ABI_MIN;
  return old
    ? {
        state: "no",
        why: `Landlock ABI ${facts.landlockAbi}, needs ${LANDLOCK_ABI_MIN}`,
        byKernel: true,
      }
    : facts.features[feature];
}

/**
 * What the policy's author is told: an error where it stops the start, a warning where a grant or a
 * layer is lost.
 */
export function problemsOf({ fallback, why, stopsTheStart }: Missing): CompileProblem[] {
  const { feature, purpose, bestEffort, without, instead } = fallback;
  if (stopsTheStart) {
    const remedy =
      bestEffort === null
        ? "see `cofferdam doctor` for what this host can do"
        : `start it as root on a kernel that has it, or write \`best-effort: [${bestEffort}]\` to do without`;
    return [problem("feature-missing", { feature, why, purpose, remedy })];
  }
  if (without !== "best-effort" && without !== "refuse") return [];
  return [problem("something-lost", { feature, why, purpose, instead })];
}
