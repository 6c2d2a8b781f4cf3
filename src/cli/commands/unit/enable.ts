import { wrap } from "../../../base/wrap.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { putInForce, requireOurs, takeAway } from "../../../host/units/change-unit.ts";
import { type CheckedUnit, checkUnit } from "../../../host/units/check-unit.ts";
import { readUnit, type Unit } from "../../../host/units/unit.ts";
import type { Claim } from "../../../host/units/unit-domain.ts";
import { type Command, CommandError, type Context, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import { renderCheck, shownCheck } from "../../render/unit-check.ts";
import {
  allOption,
  forEachUnit,
  nowOption,
  renderLeft,
  requireAll,
  requireRoot,
  unitsToEnable,
} from "./wanted-units.ts";

export const unitEnable: Command = {
  name: "enable",
  operands: [{ name: "[units...]", description: "nginx, or nginx.service" }],
  summary: "start a unit's programs in their domain from the next start on",
  description: [
    "Writes the drop-in /etc/systemd/system/UNIT.d/zz-cofferdam.conf and has systemd verify " +
      "and load it. If a step fails, the unit stays as it was. The unit's commands then run in " +
      "the domain, except ExecCondition=, `kill ... $MAINPID`, those with a prefix `+` or `!`, " +
      "and those that the policy names (`outside`).",
    "Of several units, each is enabled that can be, whatever becomes of the others; the last " +
      "message names those that were not. --all leaves out those that only the bpf-lsm engine " +
      "holds (`mediation: kernel`), where the host has another one.",
    "Exit status: 0; 1 with conflicts, if systemd refuses the drop-in, or if one of several " +
      "units was not enabled; 3 if there is no such unit or no policy names it.",
  ],
  options: [allOption, nowOption, jsonOption],
  examples: [
    { line: "sudo cofferdam unit enable nginx", what: "from the next start on" },
    { line: "sudo cofferdam unit enable --now nginx", what: "restarted; undone if that fails" },
  ],
  run(context, words, options) {
    requireRoot(context);
    const { names, claims, left } = unitsToEnable(context, words, options);
    const now = options.now === true;
    const isJson = options.json === true;
    const done: CheckedUnit[] = [];
    const failed = forEachUnit(context, options, names, (unit) => {
      const checked = enable(context, unit, claims, { now, isJson });
      done.push(checked);
      if (!isJson) tell(context, checked, now);
    });
    if (isJson) context.out(toJson({ units: done.map(shownCheck), failed, left }));
    else context.out(renderLeft(left, context.width));
    requireAll(failed, names.length, "were not enabled");
    return ExitCode.ok;
  },
};

/**
 * What an earlier drop-in adds to the unit is none of the unit's own: it is looked at without, and
 * gets the earlier one back where it cannot be enabled any more.
 */
function enable(
  context: Context,
  unit: Unit,
  claims: readonly Claim[],
  { now, isJson }: { readonly now: boolean; readonly isJson: boolean },
): CheckedUnit {
  const { dropIn: before } = unit;
  if (before !== null) {
    requireOurs(before);
    takeAway(unit, false);
  }
  try {
    const bare = before === null ? unit : readUnit(unit.name);
    const checked = checkUnit(context.places, bare, claims);
    requireNoConflict(context, checked, isJson);
    putInForce(bare, checked.dropIn, now);
    return checked;
  } catch (error) {
    if (before !== null) putInForce({ ...unit, dropIn: null }, before, false);
    throw error;
  }
}

function requireNoConflict(context: Context, checked: CheckedUnit, isJson: boolean): void {
  const conflicts = checked.findings.filter(({ kind }) => kind === "conflict");
  if (conflicts.length === 0) return;
  const { unit, domain } = checked;
  if (!isJson) context.err(renderCheck(checked, context.width));
  throw new CommandError(
    `${unit.name} cannot be combined with the domain ${domain} as it is`,
    isJson
      ? `\`cofferdam unit check --json ${unit.name}\` has the lines to change`
      : "change the lines shown above, then try again",
    ExitCode.no,
  );
}

function tell({ out, width }: Context, checked: CheckedUnit, now: boolean): void {
  const { unit, domain, dropIn } = checked;
  const next = now
    ? "restarted, and in its domain"
    : `in its domain from the next start on: systemctl restart ${unit.name}`;
  out(renderCheck(checked, width));
  const told = `${unit.name}: ${dropIn.path} written for the domain ${domain}; ${next}`;
  out(`${wrap(told, width, "  ")}\n`);
}
