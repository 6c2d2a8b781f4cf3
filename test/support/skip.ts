import type { TestContext } from "vitest";
import type { FeatureName, HostFacts } from "../../src/kernel/host-facts.ts";

/**
 * The one way a test may not run: counted as skipped, printed with `reason` by the reporter.
 * @param reason what is missing, as it would end the sentence "skipped, because ..."
 */
export function skipUnless(context: TestContext, present: boolean, reason: string): void {
  if (!present) context.skip(reason);
}

/** Skips where the host lacks a kernel feature, with the probe's own words as the reason. */
export function needsFeature(context: TestContext, facts: HostFacts, feature: FeatureName): void {
  const probe = facts.features[feature];
  if (probe.state !== "yes") context.skip(`${feature}: ${probe.why}`);
}

/** Skips for an ordinary user. */
export function needsRoot(context: TestContext): void {
  skipUnless(context, process.getuid?.() === 0, "it needs root");
}
