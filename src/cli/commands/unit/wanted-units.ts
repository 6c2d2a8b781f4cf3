import { wrap } from "../../../base/wrap.ts";
import { isHeldHere, notHeldHere } from "../../../host/engine.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { runsSystemd } from "../../../host/service-unit.ts";
import { readUnit, thoseThere, type Unit } from "../../../host/units/unit.ts";
import { allClaims, type Claim, domainOfUnit } from "../../../host/units/unit-domain.ts";
import { CommandError, type CommandOption, type Context, type Options } from "../../command.ts";
import { explainError } from "../../explain-error.ts";

export const allOption: CommandOption = {
  flags: "--all",
  description: "every unit that a policy names and this host has",
};

export const nowOption: CommandOption = {
  flags: "--now",
  description: "restart it; for a template, its running instances",
};

export interface WantedUnits {
  /** Of units that are not read yet: one of several may be missing. */
  readonly names: readonly string[];
  readonly claims: readonly Claim[];
  /** With `--all`, those of domains that this host's engine does not hold, each with the reason. */
  readonly left: readonly LeftUnit[];
}

export interface LeftUnit {
  readonly unit: string;
  readonly why: string;
  readonly help: string;
}

/** A unit for which a command failed, and why. */
export interface FailedUnit {
  readonly unit: string;
  readonly message: string;
  readonly help: string;
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
  if (!all) return { claims, names: words, left: [] };
  const named = [...new Set(claims.map((claim) => claim.unit))].sort();
  return { claims, names: thoseThere(named), left: [] };
}

/** The same, without units that cannot be enabled here because of the host's engine. */
export function unitsToEnable(
  context: Context,
  words: readonly string[],
  options: Options,
): WantedUnits {
  const wanted = wantedUnits(context, words, options);
  if (options.all !== true) return wanted;
  const left = wanted.names.flatMap((unit) => {
    const claim = domainOfUnit(unit, wanted.claims);
    return claim === null || isHeldHere(context.places, claim.policy)
      ? []
      : [{ unit, ...notHeldHere(claim.domain) }];
  });
  const names = wanted.names.filter((name) => !left.some(({ unit }) => unit === name));
  return { ...wanted, names, left };
}

export function renderLeft(left: readonly LeftUnit[], width: number): string {
  return left
    .map(({ unit, why, help }) => `${wrap(`${unit}: left out: ${why}; ${help}`, width, "  ")}\n`)
    .join("");
}

/**
 * Does it for each unit, whatever becomes of the others, and prints why it failed for one of
 * several, unless the answer in JSON tells. Returns those.
 * @throws CommandError where only one unit is meant: its error is the command's
 */
export function forEachUnit(
  { err }: Context,
  { json }: Options,
  names: readonly string[],
  act: (unit: Unit) => void,
): readonly FailedUnit[] {
  const failed: FailedUnit[] = [];
  for (const word of names) {
    let name = word;
    try {
      const unit = readUnit(word);
      name = unit.name;
      act(unit);
    } catch (error) {
      if (!(error instanceof CommandError) || names.length === 1) throw error;
      failed.push({ unit: name, message: error.message, help: error.help });
      if (json !== true) explainError(error, err);
    }
  }
  return failed;
}

/** The command's last message about units that failed. `what`: `were not enabled`. */
export function requireAll(failed: readonly FailedUnit[], all: number, what: string): void {
  if (failed.length === 0) return;
  const names = failed.map(({ unit }) => unit).join(", ");
  throw new CommandError(
    `${failed.length} of ${all} units ${what}: ${names}`,
    "each has a message of its own; `cofferdam unit status` shows which are enabled",
    ExitCode.no,
  );
}

/** @throws CommandError for any user but root */
export function requireRoot({ places }: Context): void {
  if (!places.asRoot) throw new CommandError("only root can change units", "try again with sudo");
}
