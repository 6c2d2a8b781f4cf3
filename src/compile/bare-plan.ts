import { maskOfCapabilities } from "../kinds/capabilities/model.ts";
import { encodeAutomaton } from "../model/automaton/binary.ts";
import { buildAutomaton } from "../model/automaton/build.ts";
import type { Policy } from "../model/policy.ts";
import type { Plan } from "../plan/plan.ts";
import { planFacts } from "./facts.ts";
import { endsOf, frameOf, mediationFrameOf, pathsOf } from "./frame.ts";
import { hostOf } from "./host-lacks.ts";
import { identityOf } from "./identity.ts";
import type { PlanOptions } from "./options.ts";
import { accountsFor } from "./policy-accounts.ts";
import type { CompileProblem } from "./problem.ts";

/** In which one start without layers differs from another. */
interface OfThisStart extends Pick<Plan, "engine" | "seccomp"> {
  /** Of these the process keeps what a change of its user would take. */
  readonly capabilities: Policy["capabilities"];
  readonly noNewPrivileges: boolean;
  readonly needs: Parameters<typeof hostOf>[1];
  readonly layers: Plan["mediation"]["report"]["layers"];
}

/**
 * A start that takes nothing of the launcher's layers for good: no Landlock, no control group, no
 * mediator, every capability.
 */
export function barePlan(
  policy: Policy,
  options: PlanOptions,
  { engine, seccomp, capabilities, noNewPrivileges, needs, layers }: OfThisStart,
): { readonly plan: Plan; readonly problems: readonly CompileProblem[] } {
  const { identity, problems } = identityOf(
    { ...policy, setUserId: [], capabilities },
    options,
    accountsFor(policy, options),
    false,
  );
  const plan: Plan = {
    ...frameOf(policy, options),
    mode: "sealed",
    engine,
    noNewCode: false,
    facts: [...planFacts(pathsOf(policy, options), options.factAt), ...endsOf(options)],
    host: hostOf(options.facts, needs),
    identity: { ...identity, noNewPrivileges, bounding: maskOfCapabilities(() => true) },
    landlock: null,
    seccomp,
    cgroup: null,
    automaton: encodeAutomaton(buildAutomaton([])),
    mediation: {
      policy,
      ...mediationFrameOf(options),
      sockets: { inet: "kernel", unix: "kernel" },
      kernelCreates: [],
      report: { layers, brokered: [], expanded: [], lost: [], resolved: [], pinned: [] },
    },
  };
  return { plan, problems };
}
