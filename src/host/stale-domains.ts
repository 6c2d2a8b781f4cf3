import { readFileSync, readlinkSync, statSync } from "node:fs";
import { livingRuns } from "../domains/living-runs.ts";
import { CLOCK_TICKS_A_SECOND, readProc } from "../domains/proc-stat.ts";
import { type ListedProcess, listProcesses } from "../domains/processes.ts";
import type { Run } from "../domains/runs.ts";
import { unlessGone } from "../kernel/unless-gone.ts";
import { isOutdated } from "../plan/outdated.ts";
import type { Plan } from "../plan/plan.ts";
import type { Places } from "./places.ts";
import { readyPlans } from "./ready-plans.ts";
import { runningDomains } from "./running.ts";

/** A run that the host has moved away from. */
export interface StaleRun {
  readonly domain: string;
  /** Of its first process. */
  readonly pid: number;
  /** Programs and libraries that its processes execute, and that have been replaced or removed. */
  readonly replacedCode: readonly string[];
  /** Files that it is granted one by one, replaced since its start: the new ones are refused. */
  readonly outOfReach: readonly string[];
  /** Policy files that have changed since its start: it keeps what they said then. */
  readonly changedPolicy: readonly string[];
}

export interface StaleDomains {
  readonly runs: readonly StaleRun[];
  /** Domains with a ready plan that the next start makes anew. */
  readonly plans: readonly string[];
}

/** Deleted files there are scratch files, and no package's. */
const scratch = /^\/(?:(?:tmp|var\/tmp|dev|run|proc)\/|SYSV)/;
/** What a process executes of memory alone was never a file (memfd_create(2)). */
const MEMORY_FILE = "/memfd:";
/** Paths of one kind that are listed for one run. */
const PATHS_MAX = 100;
/** Start times have a hundredth of a second, ctimes a tick of the kernel's; milliseconds. */
const CLOCK_GRAIN_MS = 20;

/** What restarts are due for: of root's sealed and supervised runs, as /proc and the disk tell. */
export function staleDomains(places: Places): StaleDomains {
  const domains = runningDomains(places);
  const processes = listProcesses({ ...domains, threads: false, details: false });
  const booted = bootTime();
  const runs = livingRuns(domains.runs, processes)
    .map((run) => staleRun(places, run, processes, booted))
    .filter((run) => isStale(run));
  const names = [...new Set(domains.runs.map(({ domain }) => domain))];
  const isPlanStale = (name: string): boolean =>
    readyPlans(places, name).some(({ plan }) => isOutdated(plan.facts));
  return { runs, plans: names.filter(isPlanStale) };
}

function isStale({ replacedCode, outOfReach, changedPolicy }: StaleRun): boolean {
  return replacedCode.length + outOfReach.length + changedPolicy.length > 0;
}

function staleRun(
  places: Places,
  run: Run,
  processes: readonly ListedProcess[],
  booted: number,
): StaleRun {
  const { domain, pid } = run;
  const members = processes.filter(
    ({ confinement }) =>
      typeof confinement !== "string" &&
      confinement.domain === domain &&
      (confinement.run === pid || confinement.run === null),
  );
  const code = new Set(members.flatMap((member) => deletedCode(member.pid)));
  const started = booted + (Number(run.start) / CLOCK_TICKS_A_SECOND) * 1_000;
  const plans = readyPlans(places, domain).map(({ plan }) => plan);
  const isLater = (path: string): boolean => changedAt(path) > started + CLOCK_GRAIN_MS;
  return {
    ...{ domain, pid },
    replacedCode: [...code].sort().slice(0, PATHS_MAX),
    outOfReach: run.mode === "sealed" ? paths(plans, pinnedAnew, isLater) : [],
    // A supervised run that follows has the policy in force at every moment.
    changedPolicy: run.mode === "sealed" || !run.live ? paths(plans, policyFiles, isLater) : [],
  };
}

function paths(
  plans: readonly Plan[],
  of: (plan: Plan) => readonly string[],
  isLater: (path: string) => boolean,
): readonly string[] {
  const all = new Set(plans.flatMap(of));
  return [...all].filter(isLater).sort().slice(0, PATHS_MAX);
}

/** Single files that are another inode than the plan was made for. */
function pinnedAnew({ mediation }: Plan): readonly string[] {
  return mediation.report.pinned
    .filter(({ path, inode }) => {
      const now = statSync(path, { bigint: true, throwIfNoEntry: false });
      return now !== undefined && inode !== `${now.dev}:${now.ino}`;
    })
    .map(({ path }) => path);
}

function policyFiles({ facts }: Plan): readonly string[] {
  return facts.flatMap((fact) =>
    fact.kind === "node" && fact.role === "authority" && fact.path.endsWith(".yaml")
      ? fact.path
      : [],
  );
}

/** ctime in milliseconds since 1970, which a rename into place moves; 0 for what is gone. */
function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0;
}

/**
 * What the process executes and no name leads to any more, by proc_pid_maps(5). Its program counts
 * wherever that lay, libraries where packages put them.
 */
function deletedCode(pid: number): readonly string[] {
  const exe = unlessGone(() => readlinkSync(`/proc/${pid}/exe`)) ?? "";
  const program = exe.replace(/ \(deleted\)$/, "");
  const maps = readProc(`/proc/${pid}/maps`) ?? "";
  const form = /^\S+ ..x. \S+ \S+ \d+ +(\/.*) \(deleted\)$/gm;
  return [...maps.matchAll(form)]
    .map(([, path = ""]) => path)
    .filter((path) => !path.startsWith(MEMORY_FILE))
    .filter((path) => path === program || !scratch.test(path));
}

/** Milliseconds since 1970 at which the host's clock of process starts began (proc_stat(5)). */
function bootTime(): number {
  const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  return Date.now() - uptime * 1_000;
}
