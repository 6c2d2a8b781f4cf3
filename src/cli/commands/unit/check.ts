import { ExitCode } from "../../../host/exit-code.ts";
import { checkUnit } from "../../../host/units/check-unit.ts";
import { type Command, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import { renderCheck, shownCheck } from "../../render/unit-check.ts";
import { allOption, outsideOption, wantedOutside, wantedUnits } from "./wanted-units.ts";

export const unitCheck: Command = {
  name: "check",
  operands: [{ name: "[units...]", description: "nginx, or nginx.service" }],
  summary: "what of a unit cannot be combined with its domain, with the line to change",
  description: [
    "Reads the unit as systemd has resolved it, and the policy that names it. Shows which " +
      "commands would run in the domain, what the drop-in would add for the launcher, and what " +
      "has to be changed first, in the unit (`systemctl edit UNIT`) or in the policy. Changes " +
      "nothing.",
    "Exit status: 0 where `enable` can do it, 1 where something has to be changed first, 3 " +
      "where there is no such unit, or no policy names it.",
  ],
  options: [allOption, outsideOption, jsonOption],
  examples: [{ line: "cofferdam unit check memcached", what: "before `unit enable`" }],
  run(context, words, options) {
    const { units, claims } = wantedUnits(context, words, options);
    const outside = wantedOutside(options);
    const checked = units.map((unit) => checkUnit(context.places, unit, claims, outside));
    context.out(
      options.json
        ? toJson({ units: checked.map(shownCheck) })
        : checked.map((one) => renderCheck(one, context.width)).join("\n"),
    );
    const conflicts = checked.some(({ findings }) =>
      findings.some(({ kind }) => kind === "conflict"),
    );
    return conflicts ? ExitCode.no : ExitCode.ok;
  },
};
