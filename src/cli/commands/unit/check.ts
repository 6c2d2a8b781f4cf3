import { ExitCode } from "../../../host/exit-code.ts";
import { type CheckedUnit, checkUnit } from "../../../host/units/check-unit.ts";
import { type Command, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import { renderCheck, shownCheck } from "../../render/unit-check.ts";
import { allOption, forEachUnit, renderLeft, requireAll, unitsToEnable } from "./wanted-units.ts";

export const unitCheck: Command = {
  name: "check",
  operands: [{ name: "[units...]", description: "nginx, or nginx.service" }],
  summary: "find conflicts between a unit and its domain, with the lines to change",
  description: [
    "Shows which commands of the unit would run in the domain, which privileges the drop-in " +
      "would add for the start, and what to change first, in the unit (`systemctl edit UNIT`) or " +
      "in the policy. It changes nothing.",
    "Of several units, each is checked that can be, whatever becomes of the others; the last " +
      "message names those that were not.",
    "Exit status: 0 without conflicts; 1 with conflicts, or if one of several units could not " +
      "be checked; 3 if there is no such unit or no policy names it.",
  ],
  options: [allOption, jsonOption],
  examples: [{ line: "cofferdam unit check memcached", what: "before `unit enable`" }],
  run(context, words, options) {
    const { names, claims, left } = unitsToEnable(context, words, options);
    const checked: CheckedUnit[] = [];
    const failed = forEachUnit(context, options, names, (unit) => {
      const one = checkUnit(context.places, unit, claims);
      const before = checked.length === 0 ? "" : "\n";
      checked.push(one);
      if (!options.json) context.out(`${before}${renderCheck(one, context.width)}`);
    });
    if (options.json) context.out(toJson({ units: checked.map(shownCheck), failed, left }));
    else context.out(renderLeft(left, context.width));
    requireAll(failed, names.length, "could not be checked");
    const conflicts = checked.some(({ findings }) =>
      findings.some(({ kind }) => kind === "conflict"),
    );
    return conflicts ? ExitCode.no : ExitCode.ok;
  },
};
