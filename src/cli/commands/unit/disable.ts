import { entersInKernel } from "../../../host/engine.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { takeAway } from "../../../host/units/change-unit.ts";
import { type Command, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import {
  allOption,
  forEachUnit,
  nowOption,
  requireAll,
  requireRoot,
  wantedUnits,
} from "./wanted-units.ts";

export const unitDisable: Command = {
  name: "disable",
  operands: [{ name: "[units...]", description: "nginx, or nginx.service" }],
  summary: "take a unit out of its domain again, from the next start on",
  description: [
    "Removes the drop-in and has systemd load the unit again. Running processes stay in the " +
      "domain until the unit is restarted.",
    "Of several units, each is taken out that can be, whatever becomes of the others; the last " +
      "message names those that were not.",
    "Exit status: 0, also if the unit was not enabled; 1 if one of several units was not taken " +
      "out; 3 if there is no such unit.",
  ],
  options: [allOption, nowOption, jsonOption],
  examples: [{ line: "sudo cofferdam unit disable --now nginx", what: "as it was, restarted" }],
  run(context, words, options) {
    requireRoot(context);
    const { names } = wantedUnits(context, words, options);
    const now = options.now === true;
    const inKernel = entersInKernel(context.places);
    const done: Disabled[] = [];
    const failed = forEachUnit(context, options, names, (unit) => {
      takeAway(unit, now);
      const one = { unit: unit.name, removed: unit.dropIn?.path ?? null, restarted: now };
      done.push(one);
      if (!options.json) context.out(`${line(one)}${inKernel ? NEXT : ""}`);
    });
    if (options.json) context.out(toJson({ units: done, failed }));
    requireAll(failed, names.length, "were not disabled");
    return ExitCode.ok;
  },
};

/** The agent asks systemd again. */
const NEXT = "  cofferdam domain reload lets it enter its domain in the kernel from then on\n";

interface Disabled {
  readonly unit: string;
  readonly removed: string | null;
  readonly restarted: boolean;
}

function line({ unit, removed, restarted }: Disabled): string {
  if (removed === null) return `${unit}: was not enabled\n`;
  const next = restarted ? "restarted outside" : `outside from the next start on`;
  return `${unit}: ${removed} removed; ${next}\n`;
}
