import { SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV } from "../kernel/constants.ts";
import { encodeAutomaton } from "../model/automaton/binary.ts";
import { capabilityNames } from "../model/capability.ts";
import { isNamed } from "../model/is-named.ts";
import { mountCalls, whyNever } from "../model/never-granted.ts";
import type { IpcKind, Policy, TokenRule } from "../model/policy.ts";
import type { Identity, NameFact, Plan } from "../plan/plan.ts";
import { accountsFor } from "./accounts.ts";
import { canonicalNames } from "./canonical-names.ts";
import { cgroupLayer } from "./cgroup-layer.ts";
import type { CompileOptions } from "./compile.ts";
import { planFacts, RecordingSnapshot } from "./facts.ts";
import { missingFeatures, problemsOf } from "./fallbacks.ts";
import { frameOf, mediationFrameOf, pathsOf } from "./frame.ts";
import { hostOf, lackedBy } from "./host-lacks.ts";
import { deniedTokens, granted, identityOf } from "./identity.ts";
import { type CompileProblem, isError } from "./problem.ts";
import { supervisedReport } from "./report/supervised.ts";
import { INSTRUCTION_BYTES } from "./seccomp/bpf.ts";
import { buildSupervisedFilter, type SupervisedContext } from "./seccomp/supervised/filter.ts";
import { supervisedFallbacks, supervisedNeeds } from "./supervised-fallbacks.ts";

type Options = CompileOptions & { readonly factAt: (path: string) => NameFact };
type Outcome = { readonly plan: Plan | null; readonly problems: readonly CompileProblem[] };

/**
 * The plan of a supervised domain: a filter that notifies, and nothing that could not be taken back
 * while the daemon runs. What cannot be added later either (bounding set, no_new_privs, a namespace
 * for IPC) is taken at the start at level enforcing, and left out at warning, which must change
 * nothing.
 */
export async function supervisedPlan(written: Policy, options: Options): Promise<Outcome> {
  const { facts } = options;
  const snapshot = new RecordingSnapshot(options.snapshot);
  const names = canonicalNames(written, snapshot, options.own, [
    ...options.files,
    ...(options.kept ?? []),
  ]);
  if ("problems" in names) return { plan: null, problems: names.problems };

  const enforcing = written.level === "enforcing";
  const syscalls = written.syscalls.filter(mayBeGranted);
  const kinds = granted(written.ipc);
  const ipc =
    enforcing && facts.features["private-ipc"].state !== "yes" ? new Set<IpcKind>() : kinds;
  const needs = {
    ...supervisedNeeds,
    ...{ setUserId: written.setUserId.length > 0, ipc: enforcing && kinds.size > 0 },
    memoryFiles: granted(syscalls).has("memfd_create"),
  };
  const missing = missingFeatures(facts, needs, written.bestEffort, supervisedFallbacks);
  const who = identityOf(
    written,
    facts,
    accountsFor(written, options.accounts),
    enforcing && ipc.size > 0,
  );
  const problems = [...missing.flatMap(problemsOf), ...who.problems];
  if (problems.some(isError)) return { plan: null, problems };

  const context = { listed: granted(syscalls), denied: deniedTokens(written.syscalls), ipc };
  const filter = buildSupervisedFilter(context satisfies SupervisedContext);
  const bytes = encodeAutomaton(names.automaton);
  const cgroup = await cgroupLayer(written, bytes, { kind: "none" }, options);
  const withoutNoNewPrivileges = facts.features["restrict-without-nnp"].state === "yes";
  const identity = enforcing ? who.identity : asIfUnconfined(who.identity, withoutNoNewPrivileges);
  const policy = {
    ...names.policy,
    syscalls,
    ipc: names.policy.ipc.filter(({ token }) => ipc.has(token) || !kinds.has(token)),
  };
  const plan: Plan = {
    ...frameOf(written, options),
    mode: "supervised",
    facts: planFacts([...pathsOf(written, options), ...names.followed], options.factAt, snapshot),
    host: hostOf(facts, [
      ...lackedBy(missing, cgroup, facts, null),
      ...(enforcing || withoutNoNewPrivileges ? [] : (["restrict-without-nnp"] as const)),
    ]),
    identity,
    landlock: null,
    seccomp: { filter, flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, listener: true },
    cgroup: cgroup.kind === "made" ? cgroup.plan : null,
    automaton: bytes,
    mediation: {
      ...{ policy, ...mediationFrameOf(options) },
      sockets: { inet: "broker", unix: "broker" },
      kernelCreates: [],
      report: supervisedReport({
        ...{ policy: written, facts, names, identity, context, missing, cgroup },
        live: mediationFrameOf(options).live,
        instructions: filter.length / INSTRUCTION_BYTES,
      }),
    },
  };
  return { plan, problems };
}

/**
 * Every capability is kept, and set-user-id programs work where the kernel allows a filter without
 * no_new_privs.
 */
function asIfUnconfined(identity: Identity, withoutNoNewPrivileges: boolean): Identity {
  return {
    ...identity,
    noNewPrivileges: !withoutNoNewPrivileges,
    bounding: (1n << BigInt(capabilityNames.length)) - 1n,
  };
}

/**
 * A group is given without its members that are never granted. Mounts that are named stay listed:
 * their refusal says `never`, and proposes no line that is there already.
 */
function mayBeGranted(rule: TokenRule): boolean {
  if (rule.effect === "deny" || whyNever(rule.token) === null) return true;
  return isNamed(rule) && mountCalls.includes(rule.token);
}
