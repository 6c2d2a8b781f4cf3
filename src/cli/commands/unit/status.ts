import { domainOfProcess } from "../../../domains/membership.ts";
import { listRuns } from "../../../domains/runs.ts";
import { ExitCode } from "../../../host/exit-code.ts";
import { type Drift, driftOf } from "../../../host/held-names.ts";
import { kernelMembers } from "../../../host/kernel-members.ts";
import type { Places } from "../../../host/places.ts";
import { stateOf } from "../../../host/units/check-unit.ts";
import { processOf, type Unit } from "../../../host/units/unit.ts";
import { type Claim, domainOfUnit } from "../../../host/units/unit-domain.ts";
import { type Command, type Context, jsonOption } from "../../command.ts";
import { toJson } from "../../json.ts";
import { columns } from "../../render/columns.ts";
import { forEachUnit, requireAll, wantedUnits } from "./wanted-units.ts";

export const unitStatus: Command = {
  name: "status",
  operands: [{ name: "[units...]", description: "nginx, or nginx.service; none: all" }],
  summary: "show which units start in their domain, and which run there now",
  description: [
    "Prints one line for each unit that a policy names: its domain, whether it is enabled, and " +
      "where its main process runs. `changed since`: the unit, its policy or Cofferdam would " +
      "have another drop-in now. `names out of reach`: files or directories that were replaced, " +
      "or that a later mount hides, since the process started.",
    "Exit status: 0; 1 if an enabled unit runs outside its domain or has changed since it was " +
      "enabled, or if one of several units could not be looked at.",
  ],
  options: [jsonOption],
  examples: [{ line: "cofferdam unit status", what: "all units that policies name" }],
  run(context, words, options) {
    const wanted = words.length === 0 ? { ...options, all: true } : options;
    const { names, claims } = wantedUnits(context, words, wanted);
    const shown: UnitState[] = [];
    const failed = forEachUnit(
      context,
      options,
      names,
      (unit) => void shown.push(look(context, unit, claims)),
    );
    context.out(options.json ? toJson({ units: shown, failed }) : render(shown));
    requireAll(failed, names.length, "could not be looked at");
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
  /** Granted names that its run no longer reaches: replaced, or hidden by a mount. */
  readonly drift: readonly Drift[];
}

function look({ places }: Context, unit: Unit, claims: readonly Claim[]): UnitState {
  const pid = processOf(unit);
  const claim = domainOfUnit(unit.name, claims);
  const place = pid === null ? null : domainOfProcess(pid, places.system.runs);
  const inKernel = pid === null ? undefined : kernelMembers(places, [pid]).get(pid);
  const runsIn = place === null || typeof place === "string" ? place : place.domain;
  return {
    unit: unit.name,
    domain: claim?.domain ?? null,
    state: stateOf(places, unit, claims),
    active: unit.properties.get("ActiveState") ?? "unknown",
    pid,
    runsIn: runsIn === "superDom" ? (inKernel?.domain ?? runsIn) : runsIn,
    drift: place === null || typeof place === "string" ? [] : driftOfRun(places, place.run),
  };
}

function driftOfRun({ system }: Places, pid: number | null): readonly Drift[] {
  const run = listRuns(system.runs).find((one) => one.pid === pid);
  return run === undefined ? [] : driftOf(run);
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
    ...units.map((one) => [one.unit, one.domain ?? "-", words[one.state], whereabouts(one)]),
  ]);
}

function whereabouts({ active, pid, runsIn, drift }: UnitState): string {
  if (pid === null) return active;
  const names = drift.length === 1 ? "1 name" : `${drift.length} names`;
  const out = drift.length === 0 ? "" : `; ${names} out of reach: cofferdam domain stale`;
  return `process ${pid} in ${runsIn}${out}`;
}
