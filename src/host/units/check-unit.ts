import type { Places } from "../places.ts";
import { standingOf } from "../standing.ts";
import { commandsOf, type UnitCommand } from "./commands-of-unit.ts";
import { type Addition, type DropIn, dropInFor, isCurrent, launcherOf } from "./drop-in.ts";
import type { Finding, Look, Rule } from "./finding.ts";
import { hasUser, identityRules, launcherCapabilities } from "./identity-rules.ts";
import { policyRules } from "./policy-rules.ts";
import { sandboxRules } from "./sandbox-rules.ts";
import type { Unit } from "./unit.ts";
import { type Claim, domainWord, requireDomain } from "./unit-domain.ts";
import type { ExecKey } from "./unit-file.ts";

/** A unit beside the policy of its domain. */
export interface CheckedUnit {
  readonly unit: Unit;
  /** As it stands behind `run`; `%i` in it is the instance. */
  readonly domain: string;
  readonly commands: readonly UnitCommand[];
  readonly findings: readonly Finding[];
  readonly additions: readonly Addition[];
  /** As it would be now. */
  readonly dropIn: DropIn;
  readonly state: "enabled" | "changed" | "disabled";
}

const rules: readonly Rule[] = [...identityRules, ...sandboxRules, ...policyRules];

/**
 * What a drop-in would be, and what keeps it from working.
 * @throws HostError where no policy claims the unit, or a line of it cannot be understood
 */
export function checkUnit(
  places: Places,
  unit: Unit,
  claims: readonly Claim[],
  outside: readonly ExecKey[] = [],
): CheckedUnit {
  const claim = requireDomain(unit.name, claims);
  const launcher = launcherOf(places);
  const commands = commandsOf(unit, outside);
  const { policy, files } = claim;
  const { level } = standingOf(places, policy, files, false);
  const look: Look = { unit, policy, level, commands, launcher };
  const found = rules.map((rule) => rule(look));
  const additions = found.flatMap((one) => one.additions ?? []);
  const domain = domainWord(unit.name, claim);
  const capabilities = launcherCapabilities(
    look,
    additions.map(({ setting }) => setting),
  );
  return {
    ...{ unit, domain, commands, additions },
    findings: found.flatMap((one) => one.findings ?? []),
    dropIn: dropInFor(
      { unit, domain, commands, additions, capabilities, hasUser: hasUser(look) },
      launcher,
    ),
    state: stateOf(unit, launcher),
  };
}

export function stateOf(unit: Unit, launcher: string): CheckedUnit["state"] {
  if (unit.dropIn === null) return "disabled";
  return isCurrent(unit, launcher) ? "enabled" : "changed";
}
