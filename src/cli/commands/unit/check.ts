import { ExitCode } from "../../../host/exit-code.ts";
import { checkUnit } from "../../../host/units/check-unit.ts";
import { type Command, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import { renderCheck, shownCheck } from "../../render/unit-check.ts";
import { allOption, wantedUnits } from "./wanted-units.ts";

export const unitCheck: Command = {
  name: "check",
  operands: [{ name: "[units...]", description: "nginx, or nginx.service" }],
  summary: "find conflicts between a unit and its domain, with the lines to change",
  description: [
    "Shows which commands of the unit would run in the domain, which privileges the drop-in " +
      "would add for the start, and what to change first, in the unit (`systemctl edit UNIT`) or " +
      "in the policy. It changes nothing.",
    "Exit status: 0 without conflicts; 1 with conflicts; 3 if there is no such unit or no " +
      "policy names it.",
  ],
  options: [allOption, jsonOption],
  examples: [{ line: "cofferdam unit check memcached", what: "before `unit enable`" }],
  run(context, words, options) {
    const { units, claims } = wantedUnits(context, words, options);
    const checked = units.map((unit) => checkUnit(context.places, unit, claims));
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
