import { inheritOf } from "../kinds/inherit/compile.ts";
import type { Policy } from "../model/policy.ts";
import type { Fact, MediationPlan, Plan } from "../plan/plan.ts";
import { ancestorsOnly } from "./attended.ts";
import type { CompileOptions } from "./options.ts";
import { accountFiles } from "./policy-accounts.ts";

/** The part of a plan that does not depend on its mode. */
export function frameOf(
  policy: Policy,
  options: CompileOptions,
): Pick<Plan, "domain" | "number" | "policyTag" | "level" | "attended" | "coreDumps" | "inherit"> {
  const { number = null, policyTag = null, fixed = false, facts } = options;
  // A disabled domain's daemon has no mediator to wait for.
  const attended = policy.level !== "disabled" && (fixed || ancestorsOnly(facts));
  // Level warning changes nothing that the daemon sees, including its limits.
  const coreDumps = policy.coreDumps === "allowed" || policy.level !== "enforcing";
  const inherit = inheritOf(policy);
  const { name: domain, level } = policy;
  return { domain, number, policyTag, level, attended, coreDumps, inherit };
}

export function mediationFrameOf(options: CompileOptions): Pick<MediationPlan, "events" | "live"> {
  const { number = null, fixed = false, live = false, events = "/" } = options;
  return { events, live: live && number !== null && !fixed };
}

/** That hold as long as the policy does not change by itself. */
export function endsOf({ until = null }: CompileOptions): readonly Fact[] {
  return until === null ? [] : [{ kind: "until", until }];
}

/** Files whose change makes the plan stale, besides the names in the policy. */
export function pathsOf(policy: Policy, options: CompileOptions): string[] {
  const { files, absent, program = [], levelFile } = options;
  return [
    ...files,
    ...absent,
    ...program,
    ...accountFiles(policy, options),
    ...(levelFile === undefined ? [] : [levelFile]),
  ];
}

/**
 * Names of the facts that every process can compare with the host. `followed`: symbolic links,
 * which are compared only where the plan is used if the domain sees another root.
 */
export function authorityOf(
  policy: Policy,
  options: CompileOptions,
  followed: Iterable<string>,
): string[] {
  return [...pathsOf(policy, options), ...(options.otherRoot === true ? [] : followed)];
}
