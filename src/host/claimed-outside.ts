import { isMediatorProcess } from "../domains/mediator-process.ts";
import { executableOf, readProc } from "../domains/proc-stat.ts";
import type { ListedProcess } from "../domains/processes.ts";
import type { Policy } from "../model/policy.ts";
import { isHeldHere } from "./engine.ts";
import { usablePolicies } from "./load.ts";
import { launcherOf, type Places } from "./places.ts";
import { templateOf } from "./units/unit.ts";
import { unitOfGroups } from "./units/unit-groups.ts";

export interface ClaimedOutside {
  readonly pid: number;
  readonly comm: string;
  readonly domain: string;
  /** The unit, or the executable, by which the domain's policy names it. */
  readonly by: string;
}

/** By what `enter` names; the first domain that names it counts. */
interface Names {
  readonly units: ReadonlyMap<string, string>;
  readonly programs: ReadonlyMap<string, string>;
}

/**
 * The same of domains that this host's engine does not hold: their processes are outside, and
 * nothing is amiss.
 */
export function notHeldOutside(
  places: Places,
  processes: readonly ListedProcess[],
): readonly ClaimedOutside[] {
  return claims(
    places,
    processes,
    namesOf(places, (policy) => !isHeldHere(places, policy)),
  );
}

/**
 * Processes in no domain that some domain's `enter` names. The launcher, holders and mediators of a
 * unit are in its group and in no domain; they do not count. Neither do processes with a pid
 * namespace of their own, as a container's: their programs and units are not the host's.
 */
export function claimedOutside(
  places: Places,
  processes: readonly ListedProcess[],
  only?: string,
): readonly ClaimedOutside[] {
  return claims(
    places,
    processes,
    namesOf(places, (policy) => isHeldHere(places, policy), only),
  );
}

function claims(
  places: Places,
  processes: readonly ListedProcess[],
  names: Names,
): readonly ClaimedOutside[] {
  if (names.units.size === 0 && names.programs.size === 0) return [];
  const launcher = launcherOf(places);
  return processes.flatMap(({ pid, tid, comm, kind, confinement }) => {
    if (confinement !== "superDom" || kind !== "process" || tid !== pid) return [];
    const program = executableOf(pid);
    const found = program === launcher ? null : claim(pid, program, names);
    return found === null || isMediatorProcess(pid) || isNumberedAnew(pid)
      ? []
      : [{ pid, comm, ...found }];
  });
}

function claim(pid: number, program: string | null, { units, programs }: Names) {
  const unit = unitOfGroups(readProc(`/proc/${pid}/cgroup`) ?? "");
  const ofUnit = unit === null ? undefined : (units.get(unit) ?? units.get(templateOf(unit) ?? ""));
  if (unit !== null && ofUnit !== undefined) return { domain: ofUnit, by: unit };
  const domain = program === null ? undefined : programs.get(program);
  return domain === undefined || program === null ? null : { domain, by: program };
}

/** Whether the process has a number in a pid namespace below the reader's (proc_pid_status(5)). */
function isNumberedAnew(pid: number): boolean {
  return /^NSpid:\t\d+\t/m.test(readProc(`/proc/${pid}/status`) ?? "");
}

function namesOf(places: Places, isMeant: (policy: Policy) => boolean, only?: string): Names {
  const units = new Map<string, string>();
  const programs = new Map<string, string>();
  for (const { name, policy } of usablePolicies(places, only).filter((one) => isMeant(one.policy)))
    for (const entry of policy.entries) {
      const [map, key] = entry.kind === "unit" ? [units, entry.unit] : [programs, entry.path];
      if (!map.has(key)) map.set(key, name);
    }
  return { units, programs };
}

/** Units that are told of one by one; more are told of together. */
const UNITS_APART_MAX = 2;

/** One sentence per unit or executable, with its processes; one for many units. */
export function claimSentences(found: readonly ClaimedOutside[]): readonly string[] {
  const grouped = new Map<string, ClaimedOutside[]>();
  for (const one of found) grouped.set(one.by, [...(grouped.get(one.by) ?? []), one]);
  const units = [...grouped.keys()].filter((by) => !by.startsWith("/"));
  const together =
    units.length <= UNITS_APART_MAX
      ? []
      : [
          `${units.length} units run unconfined, and there are domains for them: ` +
            `${units.join(", ")}: cofferdam protect --all --now`,
        ];
  const apart = [...grouped].filter(([by]) => together.length === 0 || !units.includes(by));
  return [...together, ...apart.map(([by, those]) => sentence(by, those))];
}

function sentence(by: string, those: readonly ClaimedOutside[]): string {
  const pids = those.map(({ pid }) => pid);
  const which = `${pids.length === 1 ? "process" : "processes"} ${pids.join(", ")}`;
  const how = by.startsWith("/") ? "" : `: cofferdam unit enable --now ${by}`;
  return `${by} runs unconfined (${which}); there is the domain ${those[0]?.domain}${how}`;
}
