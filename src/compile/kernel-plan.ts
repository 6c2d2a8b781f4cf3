import { maskOfCapabilities } from "../kinds/capabilities/model.ts";
import { encodeAutomaton } from "../model/automaton/binary.ts";
import { buildAutomaton } from "../model/automaton/build.ts";
import { deniedTokens, granted } from "../model/granted.ts";
import type { Policy } from "../model/policy.ts";
import type { NameFact, Plan } from "../plan/plan.ts";
import { planFacts } from "./facts.ts";
import { endsOf, frameOf, mediationFrameOf, pathsOf } from "./frame.ts";
import { hostOf } from "./host-lacks.ts";
import { identityOf } from "./identity.ts";
import type { CompileOptions } from "./options.ts";
import { accountsFor } from "./policy-accounts.ts";
import type { CompileProblem } from "./problem.ts";
import { INSTRUCTION_BYTES } from "./seccomp/bpf.ts";
import { buildKernelFilter } from "./seccomp/kernel-filter.ts";

/**
 * The start of a domain that the bpf-lsm engine holds. What can be lifted while the daemon runs is
 * the engine's, at every level; so the start takes nothing for good but a filter, at level
 * enforcing, and what that needs.
 */
export function kernelPlan(
  policy: Policy,
  options: CompileOptions & { readonly factAt: (path: string) => NameFact },
): { readonly plan: Plan; readonly problems: readonly CompileProblem[] } {
  const { facts } = options;
  const enforcing = policy.level === "enforcing";
  const { identity, problems } = identityOf(
    { ...policy, setUserId: [] },
    options,
    accountsFor(policy, options),
    false,
  );
  const filter = enforcing
    ? buildKernelFilter({
        listed: granted(policy.syscalls),
        denied: deniedTokens(policy.syscalls),
      })
    : null;
  const isPrivileged = facts.features["restrict-without-nnp"].state === "yes";
  const plan: Plan = {
    ...frameOf(policy, options),
    mode: "sealed",
    engine: "bpf-lsm",
    attended: false,
    noNewCode: false,
    facts: [...planFacts(pathsOf(policy, options), options.factAt), ...endsOf(options)],
    host: hostOf(facts, enforcing && !isPrivileged ? ["restrict-without-nnp"] : []),
    identity: {
      ...identity,
      noNewPrivileges: enforcing && !isPrivileged,
      bounding: maskOfCapabilities(() => true),
    },
    landlock: null,
    seccomp: filter === null ? null : { filter, flags: 0, listener: false },
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
            name: "bpf-lsm",
            state: "enforced",
            detail: "names, addresses, processes and words; level and policy are live",
          },
          filterLayer(filter),
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

function filterLayer(filter: Uint8Array | null): Plan["mediation"]["report"]["layers"][number] {
  const name = "system calls";
  if (filter === null)
    return { name, state: "lost", detail: "no filter below level enforcing; it takes a restart" };
  const instructions = filter.length / INSTRUCTION_BYTES;
  return {
    name,
    state: "enforced",
    detail: `a filter of ${instructions} instructions, until a restart, whatever the level`,
  };
}
