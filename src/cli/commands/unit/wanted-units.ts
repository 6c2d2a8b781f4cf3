import { ExitCode } from "../../../host/exit-code.ts";
import { runsSystemd } from "../../../host/service-unit.ts";
import { readUnit, type Unit } from "../../../host/units/unit.ts";
import { allClaims, type Claim } from "../../../host/units/unit-domain.ts";
import { CommandError, type CommandOption, type Context, type Options } from "../../command.ts";

export const allOption: CommandOption = {
  flags: "--all",
  description: "every unit that a policy names and this host has",
};

export const nowOption: CommandOption = {
  flags: "--now",
  description: "restart it; for a template, its running instances",
};

export interface WantedUnits {
  readonly units: readonly Unit[];
  readonly claims: readonly Claim[];
}

/**
 * The units that are named, or with `--all` those that policies name and that are there.
 * @throws CommandError, HostError
 */
export function wantedUnits(
  { places }: Context,
  words: readonly string[],
  options: Options,
): WantedUnits {
  if (!runsSystemd())
    throw new CommandError(
      "no systemd runs here",
      "start daemons by `cofferdam run DOMAIN -- COMMAND` where your host starts them",
    );
  const all = options.all === true;
  if (all === words.length > 0)
    throw new CommandError(
      all ? "--all and a unit are given" : "no unit is named",
      "name units, or write --all",
      ExitCode.usage,
    );
  const claims = allClaims(places);
  const names = all ? [...new Set(claims.map((claim) => claim.unit))].sort() : words;
  return { claims, units: names.flatMap((name) => (all ? ifThere(name) : [readUnit(name)])) };
}

/** A policy may name a unit of a package that is not installed. */
function ifThere(name: string): readonly Unit[] {
  try {
    return [readUnit(name)];
  } catch (error) {
    if (error instanceof CommandError) return [];
    throw error;
  }
}

/** @throws CommandError for any user but root */
export function requireRoot({ places }: Context): void {
  if (!places.asRoot) throw new CommandError("only root can change units", "try again with sudo");
}
