import { policyDigest } from "../../domains/identity.ts";
import { shownDetails } from "../../host/agent-answers.ts";
import { dailyLife } from "../../host/daily-life.ts";
import { shownEvidence } from "../../host/evidence.ts";
import { runsSystemd } from "../../host/service-unit.ts";
import { isTemplate } from "../../host/units/unit.ts";
import { unitState } from "../../host/units/unit-state.ts";
import { unseenCapabilities } from "../../host/unseen-refusals.ts";
import { namesOnHost, usableNames } from "../../host/usable-names.ts";
import { CommandError, type Context } from "../command.ts";
import { ask, domainName } from "../commands/domain/ask.ts";
import { requirePolicy } from "../require-policy.ts";
import type { Looked } from "./reasons.ts";

/** The units of a domain that systemd could show and restart; none if systemd does not run. */
export function unitsOf(units: readonly string[]): readonly string[] {
  return runsSystemd() ? units.filter((unit) => !isTemplate(unit)) : [];
}

/** What `ready` judges. `least`: seconds. @throws HostError without an agent */
export async function lookAt(context: Context, word: string, least: number): Promise<Looked> {
  const domain = domainName(word);
  const { places } = context;
  if (!places.asRoot)
    throw new CommandError(
      "what was seen of the host's domains is for root",
      "try again with sudo",
    );
  const details = await ask(context, shownDetails, "GET", `/domains/${domain}`);
  const shown = await ask(context, shownEvidence, "GET", `/domains/${domain}/evidence`);
  const { policy, files } = requirePolicy(context, domain, {});
  const onHost = usableNames(domain, namesOnHost(places, { policy, files })).policy;
  const units = unitsOf(details.units);
  const { level, until, running } = details;
  const alive = running.filter(({ daemon }) => daemon === "alive");
  const { evidence } = shown;
  return {
    ...{ domain, level, until, shown, least },
    policy: onHost,
    isInForce: details.problems === null && shown.digest === policyDigest(policy),
    exceptions: details.exceptions,
    running: {
      following: running.filter(({ live }) => live).length,
      keeping: running.filter(({ live, levelAtStart }) => !live && levelAtStart !== level).length,
    },
    units: units.map(unitState),
    unseen: level === "warning" ? unseenCapabilities(places) : [],
    life:
      evidence === null
        ? null
        : dailyLife({
            since: Date.parse(evidence.since),
            units,
            policy: onHost,
            daemons: alive.map(({ pid }) => pid),
          }),
    now: Date.now(),
  };
}
