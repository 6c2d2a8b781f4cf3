import { expect, test } from "vitest";
import { type FeatureName, featureNames, kernelFeatures } from "../../src/kernel/features.ts";
import { probeHost } from "../../src/kernel/probe/host-facts.ts";

/**
 * A probe that says no on a kernel that is new enough would turn tests into skips; it is a failure
 * instead.
 */
test("a feature that this kernel has is not skipped", () => {
  const facts = probeHost();
  const expected = certainFeatures(facts.kernel.release, facts.caller.uid === 0);
  const denied = expected
    .map((name) => [name, facts.features[name]] as const)
    .filter(([, probe]) => probe.state !== "yes");
  expect(expected.length).toBeGreaterThan(0);
  expect(denied).toEqual([]);
});

test("releases are compared number by number", () => {
  expect(certainFeatures("6.9.12-amd64", true)).not.toContain("landlock-ioctl");
  expect(certainFeatures("6.10.0-rc1", true)).toContain("landlock-ioctl");
  expect(certainFeatures("5.19", false)).toContain("landlock-files");
  expect(certainFeatures("5.18.19", false)).not.toContain("landlock-files");
  expect(certainFeatures("2.6.18", true)).toEqual([]);
  expect(certainFeatures("2.6.32", true)).toEqual(["private-ipc"]);
  expect(certainFeatures("2.6.32", false)).toEqual([]);
});

/**
 * The features whose probes must say yes on a kernel of this release (`uname -r`).
 */
function certainFeatures(release: string, isRoot: boolean): readonly FeatureName[] {
  return featureNames.filter((feature) => {
    const { since, certainFor } = kernelFeatures[feature];
    const isFor = certainFor === "everybody" || (certainFor === "root" && isRoot);
    return isFor && isAtLeast(release, since);
  });
}

function isAtLeast(release: string, since: string): boolean {
  const have = release.split(".").map((part) => Number.parseInt(part, 10) || 0);
  for (const [at, want] of since.split(".").map(Number).entries()) {
    const one = have[at] ?? 0;
    if (one !== want) return one > want;
  }
  return true;
}
