import { SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV } from "../kernel/constants.ts";
import { encodeAutomaton } from "../model/automaton/binary.ts";
import type { IpcKind, Policy } from "../model/policy.ts";
import type { CgroupPlan, Fact, Plan } from "../plan/plan.ts";
import { accountFiles, accountsFor } from "./accounts.ts";
import { type NameAlias, unixAliases } from "./cgroup/aliases.ts";
import type { CompileOptions } from "./compile.ts";
import { planFacts, RecordingSnapshot } from "./facts.ts";
import { missingFeatures, problemsOf } from "./fallbacks.ts";
import { granted, identityOf } from "./identity.ts";
import { inheritOf } from "./inherit.ts";
import { landlockLayer } from "./landlock/layer.ts";
import { needsOf } from "./needs.ts";
import { type CompileProblem, isError, problem } from "./problem.ts";
import { planReport } from "./report/report.ts";
import { sealedNames } from "./sealed-names.ts";
import { INSTRUCTION_BYTES } from "./seccomp/bpf.ts";
import { filterContext } from "./seccomp/context.ts";
import { buildFilter } from "./seccomp/filter.ts";
import { type SocketModes, socketModes } from "./sockets/modes.ts";

type Options = CompileOptions & { readonly factAt: (path: string) => Fact };
type Outcome = { readonly plan: Plan | null; readonly problems: readonly CompileProblem[] };

/** The plan of a sealed domain: names first, since everything else depends on what Landlock can express of them. */
export async function sealedPlan(written: Policy, options: Options): Promise<Outcome> {
  const { facts } = options;
  const snapshot = new RecordingSnapshot(options.snapshot);
  const names = sealedNames(written, snapshot, options.own, [...options.files, ...(options.kept ?? [])]);
  if ("problems" in names) return { plan: null, problems: names.problems };
  const { policy, automaton, view, brokered, resolved, unfollowed } = names;

  const modes = socketModes(policy, facts, options.prepareCgroup !== undefined);
  const missing = missingFeatures(facts, needsOf(policy, { view, snapshot, modes, brokered }), policy.bestEffort);
  const ipc = facts.features["private-ipc"].state === "yes" ? granted(policy.ipc) : new Set<IpcKind>();
  const who = identityOf(policy, facts, accountsFor(policy, options.accounts), ipc.size > 0);
  const problems = [...missing.flatMap(problemsOf), ...who.problems];
  if (problems.some(isError)) return { plan: null, problems };

  const landlock = landlockLayer(policy, view, facts);
  const context = filterContext(policy, facts, { modes, brokered, ipc });
  const filter = buildFilter(context);
  const bytes = encodeAutomaton(automaton);
  const cgroup = await cgroupPlan(policy, bytes, modes, () => unixAliases(written, snapshot), options);
  if (cgroup !== null && "problem" in cgroup) return { plan: null, problems: [...problems, cgroup.problem] };
  const { identity } = who;
  const report = planReport({
    ...{ policy: written, facts, view, modes, landlock, identity, context, missing, resolved, unfollowed },
    instructions: filter.length / INSTRUCTION_BYTES,
  });
  const plan: Plan = {
    domain: policy.name,
    number: options.number ?? null,
    level: policy.level,
    mode: "sealed",
    attended: false,
    facts: planFacts(facts, [...pathsOf(policy, options), ...snapshot.depends], options.factAt),
    identity,
    landlock,
    seccomp: { filter, flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, listener: true },
    cgroup,
    inherit: inheritOf(policy),
    automaton: bytes,
    mediation: {
      policy,
      events: options.events ?? "/",
      live: options.live ?? false,
      sockets: { inet: modes.inet.mode, unix: modes.unix.mode },
      kernelCreates: view.directories.filter(({ kernelCreates }) => kernelCreates).map(({ path }) => path),
      report,
    },
  };
  return { plan, problems };
}

/** Files whose change makes the plan stale, beside the names that the policy is about. */
export function pathsOf(policy: Policy, { files, absent, program = [] }: CompileOptions): string[] {
  return [...files, ...absent, ...program, ...accountFiles(policy)];
}

async function cgroupPlan(
  policy: Policy,
  automaton: Uint8Array,
  { inet, unix }: SocketModes,
  aliasesOf: () => readonly NameAlias[],
  { prepareCgroup, facts }: Options,
): Promise<CgroupPlan | null | { readonly problem: CompileProblem }> {
  if (prepareCgroup === undefined || facts.cgroup2 === null) return null;
  if (inet.by !== "cgroup" && unix.by !== "cgroup") return null;
  const byUnix = unix.by === "cgroup";
  const target = { domain: policy.name, cgroup2: facts.cgroup2, unix: byUnix, aliases: byUnix ? aliasesOf() : [] };
  try {
    return await prepareCgroup(policy, automaton, target);
  } catch (error) {
    // A layer that cannot be had stops the start, with what its maker says about it.
    if (!(error instanceof Error)) throw error;
    return { problem: problem("cgroup-failed", { why: error.message }) };
  }
}
