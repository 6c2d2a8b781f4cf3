import { readdirSync, statSync } from "node:fs";
import { ownCofferdamGroup, placeInCgroups } from "../../domains/cgroup-path.ts";
import { type Confinement, Confinements, type HostDomains } from "../../domains/confinement.ts";
import {
  CLOCK_TICKS_A_SECOND,
  type ProcStat,
  readProc,
  readProcStat,
} from "../../domains/proc-stat.ts";
import { hasCode } from "../../kernel/errno-error.ts";
import type { Level, Mode } from "../../model/policy.ts";
import type { CpuSource } from "./cpu-meter.ts";
import { inTurns } from "./turns.ts";

const TICK_US = 1_000_000 / CLOCK_TICKS_A_SECOND;
/** Of x86_64. */
const PAGE_BYTES = 4_096;

export interface ProcessUsage {
  readonly name: string;
  number: number | null;
  level: Level | null;
  readonly modes: Set<Mode>;
  processes: number;
  resident: number;
  descriptors: number | null;
}

export interface Usages {
  /** By {@link ownerKey}. */
  readonly byOwner: ReadonlyMap<string, ProcessUsage>;
  /** Of processes that are in none of the control groups of root's domains. */
  readonly cpu: readonly CpuSource[];
}

/** The host's domains by their name. A user's domain may have the same name, so its key differs. */
export function ownerKey(name: string, ofHost: boolean): string {
  return ofHost ? name : `${name} of a user`;
}

/** Reads /proc once. Kernel threads belong to no domain. */
export async function processUsages(domains: HostDomains): Promise<Usages> {
  const stats = new Map<number, ProcStat>();
  await inTurns(processIds(), (pid) => {
    const stat = readProcStat(pid);
    if (stat !== null && !stat.kernel) stats.set(pid, stat);
  });
  const confinements = new Confinements(stats, domains);
  const count = descriptorCounter();
  const byOwner = new Map<string, ProcessUsage>();
  const cpu: CpuSource[] = [];
  await inTurns(stats, ([pid, stat]) => {
    const confinement = confinements.of(pid);
    if (confinement === null) return;
    const { name, ofHost, grouped } = placeOf(pid, confinement);
    const owner = ownerKey(name, ofHost);
    const usage = byOwner.get(owner) ?? emptyUsage(name);
    byOwner.set(owner, usage);
    add(usage, confinement, residentBytes(pid), count(pid));
    if (!grouped) cpu.push({ key: `${pid} ${stat.start}`, owner, used: stat.ticks * TICK_US });
  });
  return { byOwner, cpu };
}

export function emptyUsage(name: string): ProcessUsage {
  const number = name === "superDom" ? 0 : null;
  return { name, number, level: null, modes: new Set(), processes: 0, resident: 0, descriptors: 0 };
}

function add(
  usage: ProcessUsage,
  confinement: Confinement | "superDom" | "unknown",
  resident: number,
  descriptors: number | null,
): void {
  usage.processes += 1;
  usage.resident += resident;
  usage.descriptors =
    descriptors === null || usage.descriptors === null ? null : usage.descriptors + descriptors;
  if (typeof confinement === "string") return;
  usage.number ??= confinement.number;
  usage.level ??= confinement.level;
  if (confinement.mode !== null) usage.modes.add(confinement.mode);
}

interface Place {
  readonly name: string;
  readonly ofHost: boolean;
  /** The control group counts this process's CPU time. */
  readonly grouped: boolean;
}

function placeOf(pid: number, confinement: Confinement | "superDom" | "unknown"): Place {
  if (typeof confinement === "string") return { name: confinement, ofHost: true, grouped: false };
  const group = ownCofferdamGroup();
  const text = group === null ? null : readProc(`/proc/${pid}/cgroup`);
  const grouped = group !== null && text !== null && placeInCgroups(text, group) !== null;
  return { name: confinement.domain, ofHost: grouped || confinement.number !== null, grouped };
}

/**
 * Reads the second field of `statm`, because the one in `stat` may be wrong by some hundred
 * kilobytes (proc_pid_stat(5)). 0 for a process that has exited.
 */
function residentBytes(pid: number): number {
  return Number(readProc(`/proc/${pid}/statm`)?.split(" ")[1] ?? 0) * PAGE_BYTES;
}

/**
 * Since Linux 6.2 the size of /proc/PID/fd is the number of descriptors, for every user; before, it
 * must be listed, which needs permission.
 */
function descriptorCounter(): (pid: number) => number | null {
  const told = statSync("/proc/self/fd").size > 0;
  return (pid) => {
    try {
      return told ? statSync(`/proc/${pid}/fd`).size : readdirSync(`/proc/${pid}/fd`).length;
    } catch (error) {
      if (hasCode(error, "ENOENT", "ESRCH")) return 0;
      if (hasCode(error, "EACCES", "EPERM")) return null;
      throw error;
    }
  };
}

function processIds(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}
