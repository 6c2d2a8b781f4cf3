import type { HostFacts } from "../../kernel/host-facts.ts";
import type { SealedContext } from "../../kernel/system-calls/sealed-context.ts";
import type { GrantedWords } from "../../kinds/model.ts";
import { reachesEveryProcess } from "../../kinds/signals/compile.ts";
import type { Canonicalised } from "../../model/canonicalise.ts";
import { formatLetters, Permission } from "../../model/permission.ts";
import type { Policy } from "../../model/policy.ts";
import { brokeredLate } from "../../model/sealed-view/kernel-grants.ts";
import type { SealedView } from "../../model/sealed-view.ts";
import type { Identity, LandlockPlan, PlanReport } from "../../plan/plan.ts";
import type { CgroupLayer } from "../cgroup-layer.ts";
import type { Missing } from "../fallbacks.ts";
import { lostWords } from "../held-words.ts";
import type { Activation } from "../sockets/activation.ts";
import type { SocketModes } from "../sockets/modes.ts";
import { isUtf8Name } from "../utf8-name.ts";
import { askedOfSealed } from "./asked-calls.ts";
import { reportLayers } from "./layers.ts";
import { reportExpanded, reportLostNames, reportUnfollowed } from "./names.ts";

export interface ReportInput {
  /** As written, so that rules keep their authors' names. */
  readonly policy: Policy;
  readonly facts: HostFacts;
  readonly view: SealedView;
  readonly modes: SocketModes;
  readonly landlock: LandlockPlan;
  readonly identity: Identity;
  readonly context: SealedContext;
  readonly held: GrantedWords;
  readonly instructions: number;
  readonly missing: readonly Missing[];
  readonly resolved: Canonicalised["resolved"];
  readonly unfollowed: Canonicalised["unfollowed"];
  readonly cgroup: CgroupLayer;
  readonly activation: Activation | null;
}

/** Everything in it follows from the decisions of the other stages. */
export function planReport(input: ReportInput): PlanReport {
  const { policy, facts, view } = input;
  return {
    layers: reportLayers({
      ...input,
      signalsAny: reachesEveryProcess(policy),
      datagrams: input.context.sockets.datagrams,
    }),
    brokered: askedOfSealed(input.context, facts.features["seccomp-sync-wakeup"].state === "yes"),
    expanded: reportExpanded(policy.names, view),
    lost: lost(input),
    resolved: input.resolved,
    pinned: view.inodes
      .filter(({ rights }) => (rights & ~brokeredLate(view.lateNames)) !== 0)
      .map(({ path, inode }) => ({ path, inode }))
      .filter(({ path }) => isUtf8Name(path)),
  };
}

function lost({ policy, view, modes, held, missing, unfollowed }: ReportInput): PlanReport["lost"] {
  const allowed = policy.names.filter(({ effect }) => effect === "allow");
  const holdings = [
    { holding: modes.inet, rules: policy.addresses.filter(({ effect }) => effect === "allow") },
    {
      holding: modes.unix,
      rules: allowed.filter(
        ({ permissions }) => (permissions & (Permission.connect | Permission.listen)) !== 0,
      ),
    },
  ];
  return [
    ...reportLostNames(view),
    ...reportUnfollowed(unfollowed),
    ...[...view.directories, ...view.inodes]
      .filter(({ path }) => !isUtf8Name(path))
      .map(({ path, rights }) => ({
        rule: `${formatLetters(rights)} ${path.replaceAll(/\p{Surrogate}/gu, "?")}`,
        why: "the name is no UTF-8",
      })),
    ...holdings.flatMap(({ holding, rules }) =>
      holding.granted && holding.mode === "refused"
        ? rules.map(({ source }) => ({ rule: source.text, why: holding.why }))
        : [],
    ),
    ...lostWords(policy, held),
    ...missing.map(({ fallback, why }) => ({
      rule: fallback.purpose,
      why: `${fallback.feature} is missing (${why}): ${fallback.instead}`,
    })),
  ];
}
