import { maskOfCapabilities } from "../kinds/capabilities/model.ts";
import { encodeAutomaton } from "../model/automaton/binary.ts";
import { buildAutomaton } from "../model/automaton/build.ts";
import type { Policy } from "../model/policy.ts";
import type { NameFact, Plan } from "../plan/plan.ts";
import { planFacts } from "./facts.ts";
import { endsOf, frameOf, mediationFrameOf, pathsOf } from "./frame.ts";
import { hostOf } from "./host-lacks.ts";
import { identityOf } from "./identity.ts";
import type { CompileOptions } from "./options.ts";
import { accountsFor } from "./policy-accounts.ts";
import type { CompileProblem } from "./problem.ts";

/**
 * A disabled domain's daemon runs unconfined, as the user named in the policy, without layers and
 * with every capability.
 */
export function disabledPlan(
  policy: Policy,
  options: CompileOptions & { readonly factAt: (path: string) => NameFact },
): { readonly plan: Plan; readonly problems: readonly CompileProblem[] } {
  const everything = { ...policy, setUserId: [], capabilities: [] };
  const { identity, problems } = identityOf(
    everything,
    options,
    accountsFor(policy, options),
    false,
  );
  const plan: Plan = {
    ...frameOf(policy, options),
    mode: "sealed",
    engine: "landlock",
    noNewCode: false,
    facts: [...planFacts(pathsOf(policy, options), options.factAt), ...endsOf(options)],
    host: hostOf(options.facts, []),
    identity: {
      ...identity,
      noNewPrivileges: false,
      bounding: maskOfCapabilities(() => true),
    },
    landlock: null,
    seccomp: null,
    cgroup: null,
    automaton: encodeAutomaton(buildAutomaton([])),
    mediation: {
      policy,
      ...mediationFrameOf(options),
      sockets: { inet: "kernel", unix: "kernel" },
      kernelCreates: [],
      report: {
        layers: [
          {
            name: "all",
            state: "lost",
            detail: "the domain is disabled: its daemon runs unconfined",
          },
        ],
        brokered: [],
        expanded: [],
        lost: [],
        resolved: [],
        pinned: [],
      },
    },
  };
  return { plan, problems };
}
