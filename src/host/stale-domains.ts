import { catalogue } from "../diagnostics/catalogue.ts";
import { type Diagnostic, hasError } from "../diagnostics/diagnostic.ts";
import { livingRuns, mayBelongTo } from "../domains/living-runs.ts";
import { executableOf, readProc } from "../domains/proc-stat.ts";
import { type ListedProcess, listProcesses } from "../domains/processes.ts";
import type { Run } from "../domains/runs.ts";
import { isOutdated } from "../plan/outdated.ts";
import { compileDomain } from "./compile-domain.ts";
import { runsOnEarlierPolicies } from "./earlier-policies.ts";
import { type Drift, driftOf } from "./held-names.ts";
import { type Host, hostNow } from "./host.ts";
import { libraryFile, ownDomainNames } from "./load.ts";
import type { Places } from "./places.ts";
import { everyReadyPlan } from "./ready-plans.ts";
import { runningDomains } from "./running.ts";
import { unitsEnabledFor } from "./units/drop-in.ts";

/** A run that lacks later changes of the host. */
export interface StaleRun {
  readonly domain: string;
  readonly pid: number;
  /** Programs and libraries that its processes execute, and that have been replaced or removed. */
  readonly replacedCode: readonly string[];
  /** Granted names that no longer reach what they did at the start. */
  readonly outOfReach: readonly Drift[];
  /** Its domain's file has another policy now. */
  readonly keepsEarlierPolicy: boolean;
}

export interface StaleDomains {
  readonly runs: readonly StaleRun[];
  /** Domains with a ready plan that the next start will replace, running or not. */
  readonly plans: readonly string[];
  /** Domains in use of which no start would get a plan. */
  readonly broken: readonly BrokenPolicy[];
}

export interface BrokenPolicy {
  readonly domain: string;
  /** The first of the problems that the command shows. */
  readonly problem: string;
  readonly command: string;
  /** Units that would not start. */
  readonly units: readonly string[];
}

/** Deleted files there are scratch files, not a package's. */
const scratch = /^\/(?:(?:tmp|var\/tmp|dev|run|proc)\/|SYSV)/;
/** Code in a memfd was never a file on disk (memfd_create(2)). */
const MEMORY_FILE = "/memfd:";
/** Limit on the listed paths of one kind of one run. */
const PATHS_MAX = 100;

/**
 * Runs for which a restart is due, and why, according to /proc and the disk; and what a start would
 * meet.
 */
export async function staleDomains(places: Places): Promise<StaleDomains> {
  const domains = runningDomains(places);
  const processes = listProcesses({ ...domains, threads: false, details: false });
  const earlier = new Set(runsOnEarlierPolicies(places, domains.runs));
  const runs = livingRuns(domains.runs, processes)
    .map((run) => staleRun(run, processes, earlier.has(run)))
    .filter((run) => isStale(run));
  const ready = everyReadyPlan(places);
  const outdated = ready.filter(({ plan }) => isOutdated(plan.facts));
  // A shipped policy of a daemon that is not installed may name users which are not there.
  const used = [
    ...domains.runs.map(({ domain }) => domain),
    ...ready.map(({ plan }) => plan.domain),
    ...ownDomainNames(places),
  ];
  return {
    runs,
    plans: [...new Set(outdated.map(({ plan }) => plan.domain))],
    broken: await brokenPolicies(places, [...new Set(used)].sort()),
  };
}

/**
 * A name without a policy is that of a run of a policy's file. Where the policy itself compiles,
 * each unit's start is tried with the groups that it has.
 */
async function brokenPolicies(
  places: Places,
  names: readonly string[],
): Promise<readonly BrokenPolicy[]> {
  const broken: BrokenPolicy[] = [];
  const host = hostNow();
  for (const domain of names.filter((one) => libraryFile(places, one) !== null)) {
    const enabled = unitsEnabledFor(domain);
    const units = enabled.map(({ name }) => name);
    const problem = await problemOf(places, host, domain, []);
    // Where no unit would be started so, a daemon that only the kernel's engine holds is outside.
    if (problem?.code === catalogue["not-by-landlock"].code && units.length === 0) continue;
    if (problem !== null) {
      const command = `cofferdam check ${domain}`;
      broken.push({ domain, problem: problem.message, command, units });
      continue;
    }
    for (const { name, groups } of enabled.filter((unit) => unit.groups.length > 0)) {
      const lacking = await problemOf(places, host, domain, groups);
      const command = `cofferdam unit check ${name}`;
      if (lacking !== null)
        broken.push({ domain, problem: lacking.message, command, units: [name] });
    }
  }
  return broken;
}

/** Why a start with these supplementary groups gets no plan; null if it gets one. */
async function problemOf(
  places: Places,
  host: Host,
  name: string,
  groups: readonly string[],
): Promise<Diagnostic | null> {
  const request = { effect: "look", host, groups } as const;
  const { plan, diagnostics } = await compileDomain(places, { name }, request);
  if (plan !== null) return null;
  return diagnostics.find((one) => hasError([one])) ?? null;
}

function isStale({ replacedCode, outOfReach, keepsEarlierPolicy }: StaleRun): boolean {
  return keepsEarlierPolicy || replacedCode.length + outOfReach.length > 0;
}

function staleRun(run: Run, processes: readonly ListedProcess[], isEarlier: boolean): StaleRun {
  const { domain, pid } = run;
  const members = processes.filter(
    ({ confinement }) => typeof confinement !== "string" && mayBelongTo(run, confinement),
  );
  const code = new Set(members.flatMap((member) => deletedCode(member.pid)));
  return {
    ...{ domain, pid },
    replacedCode: [...code].sort().slice(0, PATHS_MAX),
    outOfReach: driftOf(run),
    keepsEarlierPolicy: isEarlier,
  };
}

/**
 * Executed files that no name leads to any more, by proc_pid_maps(5). The program counts wherever
 * it was, libraries only where packages put them.
 */
function deletedCode(pid: number): readonly string[] {
  const program = executableOf(pid);
  const maps = readProc(`/proc/${pid}/maps`) ?? "";
  const form = /^\S+ ..x. \S+ \S+ \d+ +(\/.*) \(deleted\)$/gm;
  return [...maps.matchAll(form)]
    .map(([, path = ""]) => path)
    .filter((path) => !path.startsWith(MEMORY_FILE))
    .filter((path) => path === program || !scratch.test(path));
}
