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
    const detail =
      `${crash}, within the caller's limits, which level warning does not change. Fixed ` +
      "until a restart";
    return { name, state: "partial", detail };
  }
  return isSentWhateverTheLimit(corePattern)
    ? { name, state: "partial", detail: `${crash}: no limit prevents that` }
    : { name, state: "enforced", detail: "a crash leaves no file and starts no program" };
}
