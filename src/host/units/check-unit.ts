import { entersInKernel } from "../engine.ts";
import { HostError } from "../host-error.ts";
import { foldersOfStart, launcherOf, type Places } from "../places.ts";
import { standingOf } from "../standing.ts";
import { commandsOf, type UnitCommand } from "./commands-of-unit.ts";
import { type Addition, type DropIn, dropInFor, isCovered } from "./drop-in.ts";
import type { Finding, Look, Rule } from "./finding.ts";
import { hasUser, identityRules, launcherCapabilities, launcherGroups } from "./identity-rules.ts";
import { kernelRules } from "./kernel-rules.ts";
import { orderRules } from "./order-rules.ts";
import { policyRules } from "./policy-rules.ts";
import { otherRoot, rootRules } from "./root-rules.ts";
import { hasMounts, sandboxRules } from "./sandbox-rules.ts";
import type { Unit } from "./unit.ts";
import { type Claim, domainWord, requireDomain } from "./unit-domain.ts";

export interface CheckedUnit {
  readonly unit: Unit;
  /** As given to `run`; `%i` in it is the instance. */
  readonly domain: string;
  readonly commands: readonly UnitCommand[];
  readonly findings: readonly Finding[];
  readonly additions: readonly Addition[];
  readonly dropIn: DropIn;
  readonly state: "enabled" | "changed" | "disabled";
}

const rules: readonly Rule[] = [
  ...[...identityRules, ...sandboxRules, ...rootRules, ...policyRules],
  ...kernelRules,
  ...orderRules,
];

/**
 * The drop-in that would be written, and what keeps it from working.
 * @throws HostError if no policy claims the unit, or a line of it cannot be understood
 */
export function checkUnit(places: Places, unit: Unit, claims: readonly Claim[]): CheckedUnit {
  const claim = requireDomain(unit.name, claims);
  const launcher = launcherOf(places);
  const { policy, files, outside } = claim;
  const commands = commandsOf(unit, outside);
  const { level } = standingOf(places, policy, files, false);
  const ownFolders = foldersOfStart(places);
  const inKernel = entersInKernel(places);
  const look: Look = { unit, policy, level, inKernel, commands, launcher, ownFolders };
  const found = rules.map((rule) => rule(look));
  const additions = found.flatMap((one) => one.additions ?? []);
  const findings = found.flatMap((one) => one.findings ?? []);
  const domain = domainWord(unit.name, claim);
  const capabilities = launcherCapabilities(look);
  const dropIn = dropInFor(
    {
      ...{ unit, domain, commands, additions, capabilities, leftOutside: outside },
      ...{ hasUser: hasUser(look), groups: launcherGroups(look), hasMounts: hasMounts(look) },
      hasOtherRoot: otherRoot(look) !== null,
    },
    launcher,
  );
  const isGood = isCovered(unit, dropIn) && findings.every(({ kind }) => kind !== "conflict");
  const state = unit.dropIn === null ? "disabled" : isGood ? "enabled" : "changed";
  return { unit, domain, commands, additions, findings, dropIn, state };
}

/** `changed` also if no policy names the unit any more, or systemd would not start it. */
export function stateOf(
  places: Places,
  unit: Unit,
  claims: readonly Claim[],
): CheckedUnit["state"] {
  if (unit.dropIn === null) return "disabled";
  try {
    return checkUnit(places, unit, claims).state;
  } catch (error) {
    if (error instanceof HostError) return "changed";
    throw error;
  }
}
