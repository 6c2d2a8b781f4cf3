import { ExitCode } from "../../../host/exit-code.ts";
import { takeAway } from "../../../host/units/change-unit.ts";
import { type Command, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import { allOption, nowOption, requireRoot, wantedUnits } from "./wanted-units.ts";

export const unitDisable: Command = {
  name: "disable",
  operands: [{ name: "[units...]", description: "nginx, or nginx.service" }],
  summary: "take a unit out of its domain again, from the next start on",
  description: [
    "Removes the drop-in and has systemd load the unit again. Running processes stay in the " +
      "domain until the unit is restarted.",
    "Exit status: 0, also if the unit was not enabled; 3 if there is no such unit.",
  ],
  options: [allOption, nowOption, jsonOption],
  examples: [{ line: "sudo cofferdam unit disable --now nginx", what: "as it was, restarted" }],
  run(context, words, options) {
    requireRoot(context);
    const { units } = wantedUnits(context, words, options);
    const now = options.now === true;
    const done = units.map((unit) => {
      takeAway(unit, now);
      return { unit: unit.name, removed: unit.dropIn?.path ?? null, restarted: now };
    });
    if (options.json) context.out(toJson({ units: done }));
    else context.out(done.map(line).join(""));
    return ExitCode.ok;
  },
};

function line({
  unit,
  removed,
  restarted,
}: {
  unit: string;
  removed: string | null;
  restarted: boolean;
}): string {
  if (removed === null) return `${unit}: was not enabled\n`;
  const next = restarted ? "restarted outside" : `outside from the next start on`;
  return `${unit}: ${removed} removed; ${next}\n`;
}
