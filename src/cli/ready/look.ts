import { policyDigest } from "../../domains/identity.ts";
import { type ShownDetails, shownDetails } from "../../host/agent-answers.ts";
import { dailyLife, type LifeAsked } from "../../host/daily-life.ts";
import { shownEvidence } from "../../host/evidence.ts";
import { includesOf } from "../../host/includes-of.ts";
import { runsSystemd } from "../../host/service-unit.ts";
import { isTemplate } from "../../host/units/unit.ts";
import { isFound, unitState } from "../../host/units/unit-state.ts";
import { unseenCapabilities } from "../../host/unseen-refusals.ts";
import { namesOnHost, usableNames } from "../../host/usable-names.ts";
import { CommandError, type Context } from "../command.ts";
import { ask } from "../commands/domain/ask.ts";
import { requirePolicy } from "../require-policy.ts";
import type { Looked } from "./reasons.ts";

/**
 * The units of a domain that systemd could show and restart; none if systemd does not run. A policy
 * also names what other releases call the same daemon.
 */
export function unitsOf(units: readonly string[]): readonly string[] {
  return runsSystemd() ? units.filter((unit) => !isTemplate(unit) && isFound(unit)) : [];
}

/** @throws HostError without an agent, CommandError for callers that are not root */
export async function detailsOf(context: Context, domain: string): Promise<ShownDetails> {
  if (!context.places.asRoot)
    throw new CommandError(
      "what was seen of the host's domains is for root",
      "try again with sudo",
    );
  return ask(context, shownDetails, "GET", `/domains/${domain}`);
}

/** What `ready` judges. `least`: seconds. @throws HostError without an agent */
export async function lookAt(
  context: Context,
  details: ShownDetails,
  least: number,
): Promise<Looked> {
  const { places } = context;
  const domain = details.name;
  const shown = await ask(context, shownEvidence, "GET", `/domains/${domain}/evidence`);
  const { policy, files } = requirePolicy(context, domain, {});
  const onHost = usableNames(domain, namesOnHost(places, { policy, files })).policy;
  const units = unitsOf(details.units);
  const states = units.map(unitState);
  const { level, until, running } = details;
  // A daemon that executes its new program in another process leaves the one of its start.
  const daemons = [
    ...running.filter(({ daemon }) => daemon === "alive").map(({ pid }) => pid),
    ...states.flatMap(({ mainPid }) => mainPid ?? []),
  ];
  const alive: Omit<LifeAsked, "since"> = { units, policy: onHost, daemons };
  const { evidence } = shown;
  const lifeSince = (since: string | null | undefined) =>
    since == null ? null : dailyLife({ since: Date.parse(since), ...alive });
  const life = lifeSince(evidence?.since);
  const isSame = evidence?.usedSince === evidence?.since;
  const unseen = level === "warning" ? unseenCapabilities(places) : [];
  return {
    ...{ domain, level, until, shown, least },
    policy: onHost,
    isInForce: details.problems === null && shown.digest === policyDigest(policy),
    exceptions: details.exceptions,
    running: {
      following: running.filter(({ live }) => live).length,
      keeping: running.filter(({ live, levelAtStart }) => !live && levelAtStart !== level).length,
      inKernel: details.inKernel,
    },
    units: states,
    ...{ unseen, life },
    uses: {
      policy,
      includes: includesOf(files),
      capabilitiesSeen: unseen.length === 0,
      life: isSame ? life : lifeSince(evidence?.usedSince),
    },
    now: Date.now(),
  };
}
