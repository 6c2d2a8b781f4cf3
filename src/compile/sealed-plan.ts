import { SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV } from "../kernel/constants.ts";
import type { SealedContext } from "../kernel/system-calls/sealed-context.ts";
import { isCodeFixed } from "../kinds/memory/compile.ts";
import { encodeAutomaton } from "../model/automaton/binary.ts";
import { areBrokered, type Policy } from "../model/policy.ts";
import type { SealedView } from "../model/sealed-view.ts";
import type { MediationPlan, Plan } from "../plan/plan.ts";
import { type NameAlias, unixAliases } from "./cgroup/aliases.ts";
import { cgroupLayer, enforcing, type Programs } from "./cgroup-layer.ts";
import { planFacts, RecordingSnapshot } from "./facts.ts";
import { sealedFallbacks } from "./fallback-rows.ts";
import { missingFeatures, problemsOf } from "./fallbacks.ts";
import { authorityOf, endsOf, frameOf, mediationFrameOf } from "./frame.ts";
import { sealedWords } from "./held-words.ts";
import { hostOf, lackedBy } from "./host-lacks.ts";
import { identityOf } from "./identity.ts";
import { landlockLayer } from "./landlock/layer.ts";
import { needsOf } from "./needs.ts";
import type { PlanOptions } from "./options.ts";
import { accountsFor } from "./policy-accounts.ts";
import { type CompileProblem, isError, problem } from "./problem.ts";
import { planReport } from "./report/report.ts";
import { sealedNames } from "./sealed-names.ts";
import { INSTRUCTION_BYTES } from "./seccomp/bpf.ts";
import { filterContext } from "./seccomp/context.ts";
import { buildSealedFilter } from "./seccomp/sealed-filter.ts";
import { type Activation, activationOf } from "./sockets/activation.ts";
import { type SocketModes, socketModes } from "./sockets/modes.ts";
import { isUtf8Name } from "./utf8-name.ts";

type Outcome = { readonly plan: Plan | null; readonly problems: readonly CompileProblem[] };

/** Names first, because everything else depends on what Landlock can express of them. */
export async function sealedPlan(written: Policy, options: PlanOptions): Promise<Outcome> {
  const { facts } = options;
  const snapshot = new RecordingSnapshot(options.snapshot);
  const names = sealedNames(written, snapshot, options.own, [
    ...options.files,
    ...(options.kept ?? []),
  ]);
  if ("problems" in names) return { plan: null, problems: names.problems };
  const { policy, automaton, view, brokered, resolved, unfollowed, followed } = names;

  const modes = socketModes(policy, facts, options.prepareCgroup !== undefined, snapshot);
  const missing = missingFeatures(
    facts,
    needsOf(policy, { view, snapshot, modes, brokered }),
    policy.bestEffort,
    sealedFallbacks,
  );
  const held = sealedWords(policy, facts);
  const who = identityOf(policy, options, accountsFor(policy, options), held.ipc.size > 0);
  const problems = [...missing.flatMap(problemsOf), ...who.problems];
  if (problems.some(isError)) return { plan: null, problems };

  const landlock = landlockLayer(policy, view, facts);
  const context = filterContext(policy, facts, { modes, brokered, held });
  const filter = buildSealedFilter(context);
  const activation = activationOf(policy, facts, snapshot, modes);
  const bytes = encodeAutomaton(automaton);
  const cgroup = await cgroupLayer(
    policy,
    bytes,
    programsOf(modes, () => unixAliases(written, snapshot)),
    options,
  );
  if (cgroup.kind === "failed") {
    const failed = problem("cgroup-failed", { why: cgroup.why });
    return { plan: null, problems: [...problems, failed] };
  }
  const { identity } = who;
  const report = planReport({
    ...{
      policy: written,
      facts,
      view,
      modes,
      landlock,
      identity,
      context,
      held,
      missing,
      resolved,
      unfollowed,
      cgroup,
      activation,
    },
    instructions: filter.length / INSTRUCTION_BYTES,
  });
  const plan: Plan = {
    ...frameOf(policy, options),
    mode: "sealed",
    engine: "landlock",
    noNewCode: isCodeFixed(held.memory, facts),
    facts: [
      ...planFacts(authorityOf(policy, options, followed), options.factAt, snapshot),
      ...endsOf(options),
    ],
    host: hostOf(facts, lackedBy(missing, cgroup, facts, modes)),
    identity,
    landlock,
    seccomp: {
      ...{ filter, listener: true, flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
      ...askingOf(activation, (modes) =>
        filterContext(policy, facts, { modes, brokered, held, given: true }),
      ),
    },
    cgroup: cgroup.kind === "made" ? cgroup.plan : null,
    automaton: bytes,
    mediation: {
      policy,
      ...mediationFrameOf(options),
      sockets: { inet: modes.inet.mode, unix: modes.unix.mode },
      kernelCreates: view.directories
        .filter(({ kernelCreates }) => kernelCreates)
        .map(({ path }) => path),
      ...(areBrokered(policy.lateNames) ? { inodes: inodesOf(view) } : {}),
      report,
    },
  };
  return { plan, problems };
}

/** Of the layer's paths; a plan cannot contain a name that is not UTF-8. */
function inodesOf({ directories, inodes }: SealedView): NonNullable<MediationPlan["inodes"]> {
  return [...directories, ...inodes]
    .map(({ path, inode }) => ({ path, inode }))
    .filter(({ path }) => isUtf8Name(path));
}

function askingOf(
  activation: Activation | null,
  context: (modes: SocketModes) => SealedContext,
): Pick<NonNullable<Plan["seccomp"]>, "asking" | "tcpHeld"> {
  if (activation === null) return {};
  const { modes, tcpHeld } = activation;
  return { asking: buildSealedFilter(context(modes)), ...(tcpHeld ? { tcpHeld } : {}) };
}

function programsOf({ inet, unix }: SocketModes, aliases: () => readonly NameAlias[]): Programs {
  if (inet.by !== "cgroup" && unix.by !== "cgroup") return { kind: "none" };
  const isNamed = unix.by === "cgroup";
  return {
    kind: "judging",
    judged: isNamed ? "sockets-and-names" : "sockets",
    control: enforcing,
    aliases: isNamed ? aliases() : [],
  };
}
