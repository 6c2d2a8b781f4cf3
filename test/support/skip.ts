import type { TestContext } from "vitest";
import type { FeatureName, HostFacts } from "../../src/kernel/host-facts.ts";

/**
 * The only way to skip a test. The reporter counts it and prints `reason`.
 * @param reason what is missing, worded to follow "skipped, because"
 */
export function skipUnless(context: TestContext, present: boolean, reason: string): void {
  if (!present) context.skip(reason);
}

/** Skips if the host lacks a kernel feature, with the probe's words as the reason. */
export function needsFeature(context: TestContext, facts: HostFacts, feature: FeatureName): void {
  const probe = facts.features[feature];
  if (probe.state !== "yes") context.skip(`${feature}: ${probe.why}`);
}

export function needsRoot(context: TestContext): void {
  skipUnless(context, process.getuid?.() === 0, "it needs root");
}
