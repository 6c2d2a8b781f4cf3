import { ExitCode } from "../../../host/exit-code.ts";
import { putInForce, requireOurs, takeAway } from "../../../host/units/change-unit.ts";
import { type CheckedUnit, checkUnit } from "../../../host/units/check-unit.ts";
import { readUnit, type Unit } from "../../../host/units/unit.ts";
import type { Claim } from "../../../host/units/unit-domain.ts";
import type { ExecKey } from "../../../host/units/unit-file.ts";
import { type Command, CommandError, type Context, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import { renderCheck, shownCheck } from "../../render/unit-check.ts";
import {
  allOption,
  nowOption,
  outsideOption,
  requireRoot,
  wantedOutside,
  wantedUnits,
} from "./wanted-units.ts";

export const unitEnable: Command = {
  name: "enable",
  operands: [{ name: "[units...]", description: "nginx, or nginx.service" }],
  summary: "let a unit's programs start in their domain, from the next start on",
  description: [
    "Writes the drop-in /etc/systemd/system/UNIT.d/zz-cofferdam.conf, has systemd verify and " +
      "read it, and says what it changes. What fails leaves the unit as it was. The commands of " +
      "the unit run in the domain, each in a run of its own; those with a prefix `+` or `!`, " +
      "ExecCondition=, and `kill ... $MAINPID` stay outside.",
    "Exit status: 0, 1 where something has to be changed first or systemd refuses it, 3 where " +
      "there is no such unit, or no policy names it.",
  ],
  options: [allOption, nowOption, outsideOption, jsonOption],
  examples: [
    { line: "sudo cofferdam unit enable nginx", what: "from the next start on" },
    { line: "sudo cofferdam unit enable --now nginx", what: "restarted; undone if that fails" },
    {
      line: "sudo cofferdam unit enable --outside ExecReload,ExecStop nginx",
      what: "for commands that signal a sealed daemon",
    },
  ],
  run(context, words, options) {
    requireRoot(context);
    const { units, claims } = wantedUnits(context, words, options);
    const outside = wantedOutside(options);
    const now = options.now === true;
    const done = units.map((unit) => {
      const checked = enable(context, unit, claims, { outside, now });
      if (!options.json) tell(context, checked, now);
      return checked;
    });
    if (options.json) context.out(toJson({ units: done.map(shownCheck) }));
    return ExitCode.ok;
  },
};

interface Wanted {
  readonly outside: readonly ExecKey[];
  readonly now: boolean;
}

/**
 * What an earlier drop-in adds to the unit is none of the unit's own: it is looked at without, and
 * gets the earlier one back where it cannot be enabled any more.
 */
function enable(
  context: Context,
  unit: Unit,
  claims: readonly Claim[],
  { outside, now }: Wanted,
): CheckedUnit {
  const { dropIn: before } = unit;
  if (before !== null) {
    requireOurs(before);
    takeAway(unit, false);
  }
  try {
    const bare = before === null ? unit : readUnit(unit.name);
    const checked = checkUnit(context.places, bare, claims, outside);
    requireNoConflict(context, checked);
    putInForce(bare, checked.dropIn, now);
    return checked;
  } catch (error) {
    if (before !== null) putInForce({ ...unit, dropIn: null }, before, false);
    throw error;
  }
}

function requireNoConflict(context: Context, checked: CheckedUnit): void {
  const conflicts = checked.findings.filter(({ kind }) => kind === "conflict");
  if (conflicts.length === 0) return;
  context.err(renderCheck(checked, context.width));
  throw new CommandError(
    `${checked.unit.name} cannot be combined with the domain ${checked.domain} as it is`,
    "change the lines shown above, then try again",
    ExitCode.no,
  );
}

function tell({ out, width }: Context, checked: CheckedUnit, now: boolean): void {
  const { unit, domain, dropIn } = checked;
  const next = now
    ? "restarted, and in its domain"
    : `in its domain from the next start on: systemctl restart ${unit.name}`;
  out(renderCheck(checked, width));
  out(`${unit.name}: ${dropIn.path} written for the domain ${domain}; ${next}\n`);
}
