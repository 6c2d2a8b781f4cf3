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
    "Removes the drop-in that `enable` wrote, and has systemd read the unit again. What runs " +
      "stays in its domain until it is restarted.",
    "Exit status: 0, also where there was nothing to take away; 3 where there is no such unit.",
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
