import { type FeatureName, type HostFacts, type Probe, whyMissing } from "../kernel/host-facts.ts";
import type { BestEffort } from "../model/policy.ts";
import { targetAccess } from "./attended.ts";
import type { Fallback } from "./fallback-rows.ts";
import { type Needs, noNeeds } from "./needs.ts";
import { type CompileProblem, problem } from "./problem.ts";

export interface Missing {
  readonly fallback: Fallback;
  readonly why: string;
  readonly stopsTheStart: boolean;
}

/** `unknown` counts as missing: a feature that could not be tried cannot be relied upon. */
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

/** The probe tries an unrelated process; a mediator that is the daemon's ancestor needs less. */
function probeOf(facts: HostFacts, feature: FeatureName): Probe {
  return feature === "target-access" ? targetAccess(facts) : facts.features[feature];
}

/** Features without which no domain of this way of holding starts on this host. */
export function missingForEvery(facts: HostFacts, rows: readonly Fallback[]): FeatureName[] {
  return missingFeatures(facts, noNeeds, [], rows)
    .filter(({ stopsTheStart }) => stopsTheStart)
    .map(({ fallback }) => fallback.feature);
}

/** An error if the start fails, a warning if a grant or a layer is lost. */
export function problemsOf({ fallback, why, stopsTheStart }: Missing): CompileProblem[] {
  const { feature, purpose, bestEffort, without, instead } = fallback;
  if (stopsTheStart) {
    const remedy =
      bestEffort === null
        ? "see `cofferdam doctor` for what this host can do"
        : "start it as root on a kernel that has it, or write" +
          ` \`best-effort: [${bestEffort}]\` to do without`;
    return [problem("feature-missing", { feature, why, purpose, remedy })];
  }
  if (without !== "best-effort" && without !== "refuse") return [];
  return [problem("something-lost", { feature, why, purpose, instead })];
}
