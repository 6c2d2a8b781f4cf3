import { nearest } from "../../../diagnostics/nearest.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { runsSystemd } from "../../../host/service-unit.ts";
import { controlKeys } from "../../../host/units/commands-of-unit.ts";
import { readUnit, type Unit } from "../../../host/units/unit.ts";
import { allClaims, type Claim } from "../../../host/units/unit-domain.ts";
import type { ExecKey } from "../../../host/units/unit-file.ts";
import { CommandError, type CommandOption, type Context, type Options } from "../../command.ts";

export const allOption: CommandOption = {
  flags: "--all",
  description: "every unit that a policy names and this host has",
};

export const nowOption: CommandOption = {
  flags: "--now",
  description: "restart it; of a template those instances that run",
};

export const outsideOption: CommandOption = {
  flags: "--outside <kinds>",
  description:
    "leave these commands outside the domain: ExecStartPre, ExecStartPost, ExecReload, " +
    "ExecStop, ExecStopPost, with commas between",
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

/** @throws CommandError for a word that is no kind of command */
export function wantedOutside({ outside }: Options): readonly ExecKey[] {
  if (typeof outside !== "string") return [];
  return outside.split(",").map((word) => {
    const key = controlKeys.find((one) => one === word);
    if (key !== undefined) return key;
    const meant = nearest(word, controlKeys);
    throw new CommandError(
      `\`${word}\` is none of a unit's commands that can stay outside`,
      meant === null ? `they are ${controlKeys.join(", ")}` : `did you mean \`${meant}\`?`,
      ExitCode.usage,
    );
  });
}

/** @throws CommandError for who may not write units */
export function requireRoot({ places }: Context): void {
  if (!places.asRoot) throw new CommandError("only root can change units", "try again with sudo");
}
