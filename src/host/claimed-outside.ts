import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { isMediatorProcess } from "../domains/mediator-process.ts";
import { readProc } from "../domains/proc-stat.ts";
import type { ListedProcess } from "../domains/processes.ts";
import { hasCode } from "../kernel/errno-error.ts";
import { domainNames, load } from "./load.ts";
import type { Places } from "./places.ts";
import { templateOf } from "./units/unit.ts";

/** A process that a domain's `enter` names, and that is in no domain. */
export interface ClaimedOutside {
  readonly pid: number;
  readonly comm: string;
  readonly domain: string;
  /** The unit, or the executable, by which the domain's policy names it. */
  readonly by: string;
}

/** What `enter` of all policies names, with the domain; the first that names it counts. */
interface Names {
  readonly units: ReadonlyMap<string, string>;
  readonly programs: ReadonlyMap<string, string>;
}

/**
 * Processes outside every domain that one would have. The launcher, holders and mediators of a unit
 * are in its group and in no domain, and are none of them.
 */
export function claimedOutside(
  places: Places,
  processes: readonly ListedProcess[],
): readonly ClaimedOutside[] {
  const names = namesOf(places);
  if (names.units.size === 0 && names.programs.size === 0) return [];
  const launcher = join(places.home, "bin", "cofferdam");
  return processes.flatMap(({ pid, tid, comm, kind, confinement }) => {
    if (confinement !== "superDom" || kind !== "process" || tid !== pid) return [];
    const program = programOf(pid);
    const found =
      program === launcher || isMediatorProcess(pid) ? null : claim(pid, program, names);
    return found === null ? [] : [{ pid, comm, ...found }];
  });
}

function claim(pid: number, program: string | null, { units, programs }: Names) {
  const unit = unitOfGroups(readProc(`/proc/${pid}/cgroup`) ?? "");
  for (const name of unit === null ? [] : [unit, templateOf(unit) ?? unit]) {
    const domain = units.get(name);
    if (domain !== undefined && unit !== null) return { domain, by: unit };
  }
  const domain = program === null ? undefined : programs.get(program);
  return domain === undefined || program === null ? null : { domain, by: program };
}

/**
 * The service of the system's manager in whose group a process is: the first of the path. In a
 * hybrid hierarchy the manager's own has a name.
 */
export function unitOfGroups(text: string): string | null {
  const path = /^(?:0:|\d+:name=systemd):(\/.+)$/m.exec(text)?.[1] ?? "";
  return path.split("/").find((part) => part.endsWith(".service")) ?? null;
}

/** The executable; null where it may not be seen, or there is none. */
function programOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, "");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH", "EACCES")) return null;
    throw error;
  }
}

/** A policy that cannot be used names nothing. */
function namesOf(places: Places): Names {
  const units = new Map<string, string>();
  const programs = new Map<string, string>();
  for (const name of domainNames(places)) {
    for (const entry of load(places, { name }).policy?.entries ?? []) {
      const [map, key] = entry.kind === "unit" ? [units, entry.unit] : [programs, entry.path];
      if (!map.has(key)) map.set(key, name);
    }
  }
  return { units, programs };
}

/** One sentence a unit or executable, with its processes. */
export function claimSentences(found: readonly ClaimedOutside[]): readonly string[] {
  const grouped = new Map<string, ClaimedOutside[]>();
  for (const one of found) grouped.set(one.by, [...(grouped.get(one.by) ?? []), one]);
  return [...grouped].map(([by, those]) => {
    const pids = those.map(({ pid }) => pid);
    const which = `${pids.length === 1 ? "process" : "processes"} ${pids.join(", ")}`;
    const how = by.startsWith("/") ? "" : `: cofferdam unit enable --now ${by}`;
    return `${by} runs unconfined (${which}); there is the domain ${those[0]?.domain}${how}`;
  });
}
