import type { HostFacts } from "../../kernel/host-facts.ts";
import { systemCalls } from "../../kernel/system-calls/table.ts";
import { boundedCapabilities, keptCapabilities } from "../../kinds/capabilities/compile.ts";
import type { GrantedWords } from "../../kinds/model.ts";
import { Permission } from "../../model/permission.ts";
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

type Layer = PlanReport["layers"][number];

export interface SupervisedInput {
  /** As written, with the level in force. */
  readonly policy: Policy;
  readonly facts: HostFacts;
  readonly names: CanonicalNames;
  readonly identity: Identity;
  readonly context: SupervisedContext;
  /** The words that the domain has. */
  readonly held: GrantedWords;
  readonly missing: readonly Missing[];
  readonly cgroup: CgroupLayer;
  readonly destinations: Destinations;
  readonly live: boolean;
  readonly instructions: number;
}

/**
 * What `cofferdam plan` prints for a supervised domain: what is confined, what each call costs, and
 * what a change of level or policy does not affect.
 */
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
        detail: "the mediator sees, and records, all that it judges",
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
      ...policy.names
        .filter(
          ({ effect, permissions }) => effect === "allow" && (permissions & Permission.map) !== 0,
        )
        .map(({ source }) => ({
          rule: source.text,
          why: "`m`: mappings are not mediated by this engine",
        })),
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

function sockets({ destinations: { by, why }, live }: SupervisedInput): Layer {
  const name = "sockets";
  if (by === "mediator")
    return { name, state: "enforced", detail: `the mediator judges each call: ${why}` };
  const moment = live ? "level and policy can change" : "level and policy stay";
  return {
    name,
    state: "enforced",
    detail: [
      `connecting and sending: ${why}, and nothing is asked about; ${moment}.`,
      "Binding, listening and making sockets: the mediator.",
      "The mediator judges each call of a run that inherits other sockets than unix streams that",
      "listen or are connected, and internet sockets of a socket unit's own control group (the",
      "programs are attached there, too, if nothing else is in it): programs judge a socket where",
      "it was made",
    ].join(" "),
  };
}

const files: Layer = {
  name: "files",
  state: "partial",
  detail:
    "the mediator opens, makes and removes names on the object that it checked; a program is" +
    " stopped before its first instruction until it is known to be the checked one",
};

const whatWarningDoes: Layer = {
  name: "level warning",
  state: "partial",
  detail:
    "what is outside the policy goes on and is logged; Cofferdam's own objects alone are" +
    " refused. A signal that arrives before its notification ends a call with EINTR, and the" +
    " daemon cannot have a listener of its own",
};

function callList({ instructions, context }: SupervisedInput): Layer {
  const fixed = systemCalls.filter(
    ({ name, class: kind }) => kind === "plain" && context.listed.has(name),
  ).length;
  const never = systemCalls
    .filter(({ class: kind }) => kind === "untouchable")
    .map(({ name }) => name);
  return {
    name: "system calls",
    state: "partial",
    detail: [
      `filter of ${instructions} instructions with a listener.`,
      `Not live: ${fixed} listed calls that are never asked about go on until a restart, even if`,
      `they are removed from the list. Never judged, listed or not: ${never.join(", ")}`,
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
            "no_new_privs, since this caller may not do without: set-user-id programs gain" +
            " nothing. Not live",
        }
      : {
          name,
          state: "partial",
          detail: "set-user-id programs gain what they always do, until a restart. Not live",
        };
  return noNewPrivileges
    ? { name, state: "enforced", detail: "no_new_privs. Not live" }
    : {
        name,
        state: "partial",
        detail: "set-user-id programs keep working, within the bounding set. Not live",
      };
}
