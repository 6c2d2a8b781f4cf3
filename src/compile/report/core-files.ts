import { crashWords, isSentWhateverTheLimit } from "../../kernel/core-pattern.ts";
import type { HostFacts } from "../../kernel/host-facts.ts";
import type { Policy } from "../../model/policy.ts";
import type { PlanReport } from "../../plan/plan.ts";

type Layer = PlanReport["layers"][number];

/** What a crash of the daemon does; no grant applies to it. */
export function coreFiles({ coreDumps, level }: Policy, { corePattern }: HostFacts): Layer {
  const name = "core files";
  const crash = `a crash ${crashWords(corePattern)}`;
  if (coreDumps === "allowed")
    return { name, state: "partial", detail: `${crash}, whatever is granted: core-dumps: allowed` };
  if (level === "warning") {
    const detail = `${crash}, within the caller's limits, which a warning leaves. Not live`;
    return { name, state: "partial", detail };
  }
  return isSentWhateverTheLimit(corePattern)
    ? { name, state: "partial", detail: `${crash}: the kernel asks no limit for that` }
    : { name, state: "enforced", detail: "a crash leaves nothing and starts nothing" };
}
