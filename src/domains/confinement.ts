import type { Engine } from "../model/engines/engine.ts";
import type { Level, Mode } from "../model/policy.ts";
import { Ancestry } from "./ancestry.ts";
import { ownCofferdamGroup, placeInCgroups } from "./cgroup-path.ts";
import type { Member } from "./membership.ts";
import { type ProcStat, readProc } from "./proc-stat.ts";
import type { Run } from "./runs.ts";

/** How a process is held. A member is null if no record tells it. */
export interface Confinement extends Member {
  readonly engine: Engine;
  /** null also for a process that the kernel's engine holds: there is none. */
  readonly mode: Mode | null;
  readonly level: Level | null;
  /** `lost`: the holder has died, so no process can answer for what the kernel cannot decide. */
  readonly holder: Run["holderState"] | null;
  /** Only of the kernel's engine. */
  readonly filter: KernelMember["filter"];
}

/** A process that the bpf-lsm engine holds. */
export interface KernelMember {
  readonly domain: string;
  readonly number: number;
  /** null while the programs of a version with other maps decide. */
  readonly level: Level | null;
  /**
   * Of system calls, as it was installed at the start for good; null for a process that the
   * launcher did not start, which never has one.
   */
  readonly filter: "installed" | "none" | null;
}

/** A restart gives the process the filter of its level. */
export function isFilterBehind({ level, filter }: Pick<Confinement, "level" | "filter">): boolean {
  if (filter === null || level === null) return false;
  return (filter === "installed") !== (level === "enforcing");
}

export interface HostDomains {
  readonly runs: readonly Run[];
  readonly levelOf: (number: number) => Level | null;
  /** Which of these processes the kernel's engine holds. */
  readonly inKernel?: (processes: Iterable<number>) => ReadonlyMap<number, KernelMember>;
}

/** Joins control groups, records of runs and the live table. Reads each of them once. */
export class Confinements {
  readonly #group = ownCofferdamGroup();
  readonly #runs: ReadonlyMap<string, Run>;
  readonly #ancestry: Ancestry;
  readonly #levelOf: HostDomains["levelOf"];
  readonly #inKernel: ReadonlyMap<number, KernelMember>;

  /** `processes`: all of the host, by process id. */
  constructor(processes: ReadonlyMap<number, ProcStat>, { runs, levelOf, inKernel }: HostDomains) {
    // Records that an ordinary user wrote say nothing about root's control groups.
    const roots = runs.filter(({ owner }) => owner === 0);
    this.#runs = new Map(roots.map((run) => [keyOf(run.pid, run.domain), run]));
    const withoutGroup = runs.filter(({ owner }) => owner !== 0 || this.#group === null);
    this.#ancestry = new Ancestry(processes, withoutGroup);
    this.#levelOf = levelOf;
    this.#inKernel = inKernel?.(processes.keys()) ?? new Map();
  }

  /** null for a process that is gone. */
  of(pid: number): Confinement | "superDom" | "unknown" | null {
    const text = this.#group === null ? "" : readProc(`/proc/${pid}/cgroup`);
    if (text === null) return null;
    const place = this.#group === null ? null : placeInCgroups(text, this.#group);
    if (place !== null)
      return this.#join({ ...place, number: null }, this.#runs.get(keyOf(place.run, place.domain)));
    const inKernel = this.#inKernel.get(pid);
    if (inKernel !== undefined)
      return { ...inKernel, run: null, engine: "bpf-lsm", mode: null, holder: null };
    const member = this.#ancestry.of(pid);
    return typeof member === "string" ? member : this.#join(member, this.#ancestry.run(member.run));
  }

  #join(member: Member, run: Run | undefined): Confinement {
    // Numbers are the host's: only root's records give one.
    const number = run?.owner === 0 ? run.number : null;
    const follows = run?.live === true && run.mode === "supervised";
    const live = follows && number !== null ? this.#levelOf(number) : null;
    return {
      ...member,
      number,
      engine: "landlock",
      mode: run?.mode ?? null,
      level: live ?? run?.level ?? null,
      holder: run?.holderState ?? null,
      filter: null,
    };
  }
}

/** The record of another domain's run does not count: the process id was reused. */
function keyOf(run: number | null, domain: string): string {
  return `${run ?? ""} ${domain}`;
}
