import { domainOfProcess, type Member } from "../../../domains/membership.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { stateOf } from "../../../host/units/check-unit.ts";
import { launcherOf } from "../../../host/units/drop-in.ts";
import type { Unit } from "../../../host/units/unit.ts";
import { type Claim, domainOfUnit } from "../../../host/units/unit-domain.ts";
import { type Command, type Context, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import { columns } from "../../render/columns.ts";
import { wantedUnits } from "./wanted-units.ts";

export const unitStatus: Command = {
  name: "status",
  operands: [{ name: "[units...]", description: "nginx, or nginx.service; none: all" }],
  summary: "which units start in their domain, and whether what runs of them is in it",
  description: [
    "One line a unit that a policy names: its domain, whether `enable` was done, and whether " +
      "its main process is in the domain now.",
    "Exit status: 0; 1 where an enabled unit runs outside its domain, or has changed since it " +
      "was enabled.",
  ],
  options: [jsonOption],
  examples: [{ line: "cofferdam unit status", what: "all units that policies name" }],
  run(context, words, options) {
    const wanted = words.length === 0 ? { ...options, all: true } : options;
    const { units, claims } = wantedUnits(context, words, wanted);
    const shown = units.map((unit) => look(context, unit, claims));
    context.out(options.json ? toJson({ units: shown }) : render(shown));
    return shown.some(needsALook) ? ExitCode.no : ExitCode.ok;
  },
};

interface UnitState {
  readonly unit: string;
  readonly domain: string | null;
  readonly state: ReturnType<typeof stateOf>;
  /** systemd's word: `active`, `inactive`, `failed`. */
  readonly active: string;
  readonly pid: number | null;
  /** Where the main process is; null where there is none. */
  readonly runsIn: string | null;
}

function look({ places }: Context, unit: Unit, claims: readonly Claim[]): UnitState {
  const pid = Number(unit.properties.get("MainPID") ?? 0) || null;
  const place = pid === null ? null : domainOfProcess(pid, places.system.runs);
  return {
    unit: unit.name,
    domain: domainOfUnit(unit.name, claims)?.domain ?? null,
    state: stateOf(unit, launcherOf(places)),
    active: unit.properties.get("ActiveState") ?? "unknown",
    pid,
    runsIn: place === null || typeof place === "string" ? place : (place satisfies Member).domain,
  };
}

function needsALook({ state, runsIn }: UnitState): boolean {
  return state === "changed" || (state === "enabled" && runsIn === "superDom");
}

const words: Readonly<Record<UnitState["state"], string>> = {
  enabled: "enabled",
  changed: "changed since: enable it again",
  disabled: "not enabled",
};

function render(units: readonly UnitState[]): string {
  if (units.length === 0) return "no policy names a unit that this host has\n";
  return columns([
    ["UNIT", "DOMAIN", "STATE", "RUNS"],
    ...units.map(({ unit, domain, state, active, pid, runsIn }) => [
      unit,
      domain ?? "-",
      words[state],
      pid === null ? active : `process ${pid} in ${runsIn}`,
    ]),
  ]);
}
