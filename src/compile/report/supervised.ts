import type { HostFacts } from "../../kernel/host-facts.ts";
import { systemCalls, wordUsesOf } from "../../kernel/system-calls/table.ts";
import { boundedCapabilities, keptCapabilities } from "../../kinds/capabilities/compile.ts";
import type { GrantedWords } from "../../kinds/model.ts";
import type { Policy } from "../../model/policy.ts";
import type { Identity, PlanReport } from "../../plan/plan.ts";
import type { CanonicalNames } from "../canonical-names.ts";
import type { CgroupLayer } from "../cgroup-layer.ts";
import type { Missing } from "../fallbacks.ts";
import { supervisedLayers } from "../held-words.ts";
import type { SupervisedContext } from "../seccomp/supervised-filter.ts";
import type { Destinations } from "../sockets/destinations.ts";
import { askedOfSupervised } from "./asked-calls.ts";
import { coreFiles } from "./core-files.ts";
import { membership } from "./layers.ts";
import { reportUnfollowed } from "./names.ts";
import { answersWords } from "./udp-answers.ts";

type Layer = PlanReport["layers"][number];

export interface SupervisedInput {
  /** As written, with the level in force. */
  readonly policy: Policy;
  readonly facts: HostFacts;
  readonly names: CanonicalNames;
  readonly identity: Identity;
  readonly context: SupervisedContext;
  readonly held: GrantedWords;
  readonly missing: readonly Missing[];
  readonly cgroup: CgroupLayer;
  readonly destinations: Destinations;
  readonly live: boolean;
  readonly instructions: number;
}

/** What is confined, what each call costs, and what a change of level or policy does not affect. */
export function supervisedReport(input: SupervisedInput): PlanReport {
  const { policy, facts, names, missing } = input;
  const enforcing = policy.level === "enforcing";
  return {
    layers: [
      mediation(input),
      enforcing ? files : whatWarningDoes,
      callList(input),
      ...(enforcing ? [boundedCapabilities(input.identity, facts)] : [keptCapabilities]),
      privileges(input),
      ...supervisedLayers(input.held, policy.level),
      sockets(input),
      coreFiles(policy, facts),
      ...membership(input.cgroup),
      {
        name: "events",
        state: "enforced",
        detail: "the mediator logs everything that it judges",
      },
    ],
    brokered: askedOfSupervised(
      input.context,
      facts.features["seccomp-sync-wakeup"].state === "yes",
      input.destinations,
      policy.level,
    ),
    expanded: [],
    lost: [
      ...reportUnfollowed(names.unfollowed),
      ...missing.map(({ fallback, why }) => ({
        rule: fallback.purpose,
        why: `${fallback.feature} is missing (${why}): ${fallback.instead}`,
      })),
    ],
    resolved: names.resolved,
    pinned: [],
  };
}

function mediation({ live }: SupervisedInput): Layer {
  const moment = live
    ? "level and policy can change until the daemon ends"
    : "level and policy stay as they are now";
  const detail = `a mediator beside the daemon judges each call; ${moment}`;
  return { name: "mediation", state: "enforced", detail };
}

function sockets({ destinations: { by, why }, live, policy }: SupervisedInput): Layer {
  const name = "sockets";
  const answers = answersWords(policy, by === "programs");
  if (by === "mediator")
    return { name, state: "enforced", detail: `the mediator judges each call: ${why}${answers}` };
  const moment = live ? "level and policy can change" : "level and policy stay";
  return {
    name,
    state: "enforced",
    detail: [
      `connecting and sending: ${why}, without the mediator; ${moment}${answers}.`,
      "Binding, listening and making sockets: the mediator.",
      "Two kinds of inherited sockets need no mediator either: unix streams that listen or are",
      "connected, and internet sockets of a socket unit, to whose control group the programs are",
      "also attached if nothing else is in it. The mediator judges each call of a run that " +
        "inherits",
      "any other socket",
    ].join(" "),
  };
}

const files: Layer = {
  name: "files",
  state: "partial",
  detail:
    "the mediator opens, makes and removes the objects that it checked; a program is held before" +
    " its first instruction and compared with the checked one",
};

const whatWarningDoes: Layer = {
  name: "level warning",
  state: "partial",
  detail:
    "accesses outside the policy continue and are logged; only Cofferdam's own objects are" +
    " refused. A signal that arrives before the notification is received ends a call with EINTR," +
    " and the daemon cannot install a seccomp listener",
};

function callList({ instructions, context }: SupervisedInput): Layer {
  const fixed = systemCalls.filter(
    ({ name, class: kind }) => kind === "plain" && context.listed.has(name),
  ).length;
  const never = systemCalls
    .filter(({ class: kind, name }) => kind === "untouchable" && wordUsesOf(name).length === 0)
    .map(({ name }) => name);
  return {
    name: "system calls",
    state: "partial",
    detail: [
      `filter of ${instructions} instructions with a listener.`,
      `${fixed} listed calls need no decision, and stay allowed until a restart even if the policy`,
      `no longer lists them. Never judged, even if not listed: ${never.join(", ")}`,
    ].join(" "),
  };
}

function privileges({ identity: { noNewPrivileges }, policy }: SupervisedInput): Layer {
  const name = "privileges on exec";
  if (policy.level === "warning")
    return noNewPrivileges
      ? {
          name,
          state: "partial",
          detail:
            "no_new_privs, which this caller needs for a filter: set-user-id programs gain no" +
            " privileges. Fixed until a restart",
        }
      : {
          name,
          state: "partial",
          detail: "set-user-id programs gain their usual privileges. Fixed until a restart",
        };
  return noNewPrivileges
    ? { name, state: "enforced", detail: "no_new_privs. Fixed until a restart" }
    : {
        name,
        state: "partial",
        detail: "set-user-id programs keep working, within the bounding set. Fixed until a restart",
      };
}
