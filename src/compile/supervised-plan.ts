import type { Control } from "../kernel/bpf/control.ts";
import { SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV } from "../kernel/constants.ts";
import type { FeatureName } from "../kernel/host-facts.ts";
import { maskOfCapabilities } from "../kinds/capabilities/model.ts";
import { encodeAutomaton } from "../model/automaton/binary.ts";
import { deniedTokens, granted } from "../model/granted.ts";
import type { Policy } from "../model/policy.ts";
import type { Identity, Plan } from "../plan/plan.ts";
import { canonicalNames } from "./canonical-names.ts";
import { type NameAlias, unixAliases } from "./cgroup/aliases.ts";
import { type CgroupLayer, cgroupLayer, type Programs } from "./cgroup-layer.ts";
import { planFacts, RecordingSnapshot } from "./facts.ts";
import { supervisedFallbacks } from "./fallback-rows.ts";
import { missingFeatures, problemsOf } from "./fallbacks.ts";
import { authorityOf, endsOf, frameOf, mediationFrameOf } from "./frame.ts";
import { grantedWords, supervisedRules, wordsOfCalls } from "./held-words.ts";
import { hostOf, lackedBy } from "./host-lacks.ts";
import { identityOf } from "./identity.ts";
import { noNeeds } from "./needs.ts";
import type { CompileOptions, PlanOptions } from "./options.ts";
import { accountsFor } from "./policy-accounts.ts";
import { type CompileProblem, isError, problem } from "./problem.ts";
import { supervisedReport } from "./report/supervised.ts";
import { INSTRUCTION_BYTES } from "./seccomp/bpf.ts";
import { buildSupervisedFilter, type SupervisedContext } from "./seccomp/supervised-filter.ts";
import { type Destinations, destinationsOf } from "./sockets/destinations.ts";

type Outcome = { readonly plan: Plan | null; readonly problems: readonly CompileProblem[] };

/**
 * The plan of a supervised domain: a filter that notifies, and restrictions that can be lifted
 * while the daemon runs. Some restrictions can be taken only at the start (bounding set,
 * no_new_privs, an IPC namespace). They are taken at level enforcing, and left out at warning,
 * which must change nothing.
 */
export async function supervisedPlan(written: Policy, options: PlanOptions): Promise<Outcome> {
  const { facts } = options;
  const snapshot = new RecordingSnapshot(options.snapshot);
  const names = canonicalNames(written, snapshot, options.own, [
    ...options.files,
    ...(options.kept ?? []),
  ]);
  if ("problems" in names) return { plan: null, problems: names.problems };

  const enforcing = written.level === "enforcing";
  const rules = supervisedRules(written, facts, written.level);
  const words = grantedWords(rules);
  const needs = {
    ...noNeeds,
    ...{ setUserId: written.setUserId.length > 0, ipc: enforcing && granted(written.ipc).size > 0 },
    memoryFiles: words.syscalls.has("memfd_create"),
  };
  const missing = missingFeatures(facts, needs, written.bestEffort, supervisedFallbacks);
  const who = identityOf(
    written,
    options,
    accountsFor(written, options),
    enforcing && words.ipc.size > 0,
  );
  const problems = [...missing.flatMap(problemsOf), ...who.problems];
  if (problems.some(isError)) return { plan: null, problems };

  const bytes = encodeAutomaton(names.automaton);
  const aliases = () => unixAliases(written, snapshot);
  const held = await destinationLayer(names.policy, bytes, aliases, { ...options, snapshot });
  const { cgroup, destinations } = held;
  const context: SupervisedContext = {
    ...{ listed: words.syscalls, denied: deniedTokens(written.syscalls) },
    words: wordsOfCalls(words),
    destinationsHeld: destinations.by === "programs",
  };
  const filter = buildSupervisedFilter(context);
  const asking = context.destinationsHeld
    ? { asking: buildSupervisedFilter({ ...context, destinationsHeld: false }) }
    : {};
  const withoutNoNewPrivileges = facts.features["restrict-without-nnp"].state === "yes";
  const identity = enforcing ? who.identity : asIfUnconfined(who.identity, withoutNoNewPrivileges);
  const policy = { ...names.policy, ...rules };
  const plan: Plan = {
    ...frameOf(written, options),
    mode: "supervised",
    engine: "landlock",
    // It could not be taken back, and the mediator is asked about all that it would refuse.
    noNewCode: false,
    facts: [
      ...planFacts(authorityOf(written, options, names.followed), options.factAt, snapshot),
      ...endsOf(options),
    ],
    host: hostOf(facts, [
      ...lackedBy(missing, cgroup, facts, null),
      ...held.lacks,
      ...(enforcing || withoutNoNewPrivileges ? [] : (["restrict-without-nnp"] as const)),
    ]),
    identity,
    landlock: null,
    seccomp: {
      ...{ filter, ...asking, listener: true },
      flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
    },
    cgroup: cgroup.kind === "made" ? cgroup.plan : null,
    automaton: bytes,
    mediation: {
      ...{ policy, ...mediationFrameOf(options) },
      sockets: { inet: "broker", unix: "broker" },
      ...(held.aliases === null ? {} : { aliases: held.aliases }),
      kernelCreates: [],
      report: supervisedReport({
        policy: written,
        facts,
        names,
        identity,
        context,
        held: words,
        missing,
        cgroup,
        destinations,
        live: mediationFrameOf(options).live,
        instructions: filter.length / INSTRUCTION_BYTES,
      }),
    },
  };
  return { plan, problems: [...problems, ...held.problems] };
}

interface DestinationLayer {
  readonly destinations: Destinations;
  readonly cgroup: CgroupLayer;
  /** null if the mediator judges. */
  readonly aliases: readonly NameAlias[] | null;
  /** What the host lacks for programs, and may get later. */
  readonly lacks: readonly FeatureName[];
  readonly problems: readonly CompileProblem[];
}

/** Without programs the mediator judges the same, only slower. */
async function destinationLayer(
  policy: Policy,
  automaton: Uint8Array,
  aliasesOf: () => readonly NameAlias[],
  options: PlanOptions,
): Promise<DestinationLayer> {
  const layer = (programs: Programs) => cgroupLayer(policy, automaton, programs, options);
  const bare = async (why: string, lacks: readonly FeatureName[]): Promise<DestinationLayer> => ({
    destinations: { by: "mediator", why },
    cgroup: await layer({ kind: "none" }),
    ...{ aliases: null, lacks, problems: [] },
  });
  const mayPrepare = options.prepareCgroup !== undefined;
  const destinations = destinationsOf(policy, options.facts, mayPrepare, options.snapshot);
  const { features } = options.facts;
  const lacks = (["cgroup-inet", "cgroup-unix"] as const).filter(
    (feature) => features[feature].state !== "yes",
  );
  if (destinations.by === "mediator") return await bare(destinations.why, lacks);
  const aliases = aliasesOf();
  const control = controlOf(policy, options);
  const cgroup = await layer({ kind: "judging", judged: "destinations", control, aliases });
  if (cgroup.kind === "failed") {
    const { why, byKernel } = cgroup;
    const held = await bare(`no cgroup programs: ${why}`, byKernel ? [] : ["cgroup-inet"]);
    return { ...held, problems: [problem("cgroup-unused", { why })] };
  }
  return { destinations, cgroup, aliases, lacks: [], problems: [] };
}

/**
 * The programs follow the host's table of domains if the mediator does; otherwise they keep the
 * level.
 */
function controlOf({ level }: Policy, options: CompileOptions): Control {
  const { number = null, table = 0 } = options;
  return mediationFrameOf(options).live
    ? { level, number, generation: 0, table }
    : { level, number: null, generation: 0, table: 0 };
}

/**
 * Every capability is kept, and set-user-id programs work if the kernel allows a filter without
 * no_new_privs.
 */
function asIfUnconfined(identity: Identity, withoutNoNewPrivileges: boolean): Identity {
  return {
    ...identity,
    noNewPrivileges: !withoutNoNewPrivileges,
    bounding: maskOfCapabilities(() => true),
  };
}
