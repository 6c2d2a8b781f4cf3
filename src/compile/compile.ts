import { diagnose } from "../diagnostics/diagnose.ts";
import { type Diagnostic, hasError, startOf } from "../diagnostics/diagnostic.ts";
import { KERNEL_ALONE, type Policy } from "../model/policy.ts";
import type { NameFact, Plan } from "../plan/plan.ts";
import { disabledPlan } from "./disabled-plan.ts";
import { factOf } from "./facts.ts";
import { pathsOf } from "./frame.ts";
import { kernelPlan } from "./kernel-plan.ts";
import type { CompileOptions, PlanOptions } from "./options.ts";
import { accountFiles } from "./policy-accounts.ts";
import { type CompileProblem, problem } from "./problem.ts";
import { sealedPlan } from "./sealed-plan.ts";
import { supervisedPlan } from "./supervised-plan.ts";
import { isUtf8Name } from "./utf8-name.ts";

export interface Compiled {
  /** null if a diagnostic is an error: then the domain must not start. */
  readonly plan: Plan | null;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Equal inputs give equal plans, and the order of rules does not matter. No policy can make it
 * throw.
 */
export async function compile(policy: Policy, options: CompileOptions): Promise<Compiled> {
  const factAt = factsOf(policy, options);
  // Taken before they are used: a later change makes the plan stale.
  for (const path of pathsOf(policy, options)) if (isUtf8Name(path)) factAt(path);
  const { plan, problems } = await planFor(policy, { ...options, factAt });
  const place = startOf(options.files[0] ?? policy.name);
  const diagnostics = problems.map(({ name, values }) => diagnose(name, place, values as never));
  return { plan: hasError(diagnostics) ? null : plan, diagnostics };
}

/**
 * Each fact as of the moment when it was used: files when they were read, absent names when they
 * were looked for, other names when they were looked up. Accounts are the host's, also where the
 * domain sees another root: if the launcher sees other files there, the plan is not valid.
 */
function factsOf(policy: Policy, options: CompileOptions): (path: string) => NameFact {
  const { factAt, snapshot, identities, absent } = options;
  if (factAt !== undefined) return factAt;
  const ofHost = new Set(accountFiles(policy, options));
  const missed = new Set(absent);
  const taken = new Map<string, NameFact>();
  const take = (path: string): NameFact => {
    const identity = identities?.get(path);
    if (identity !== undefined) return { kind: "node", path, ...identity };
    if (missed.has(path)) return { kind: "absent", path };
    return ofHost.has(path) ? factOf(path) : (snapshot.factOf ?? factOf)(path);
  };
  return (path) => {
    const fact = taken.get(path) ?? take(path);
    taken.set(path, fact);
    return fact;
  };
}

async function planFor(
  written: Policy,
  options: PlanOptions,
): Promise<{ readonly plan: Plan | null; readonly problems: readonly CompileProblem[] }> {
  const policy = { ...written, level: options.level ?? written.level };
  if (options.inKernel === true) return kernelPlan(policy, options);
  if (policy.mediation === KERNEL_ALONE)
    return { plan: null, problems: [problem("not-by-landlock", { name: policy.name })] };
  if (policy.level === "disabled") return disabledPlan(policy, options);
  // The kernel's own layers can only deny.
  const supervised = policy.mediation === "supervised" || policy.level === "warning";
  return supervised ? supervisedPlan(policy, options) : sealedPlan(policy, options);
}
