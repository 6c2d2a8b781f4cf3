import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { domainOfProcess } from "../../domains/membership.ts";
import { readRunRecord } from "../../domains/runs.ts";
import type { Places } from "../../host/places.ts";
import { readPlan } from "../../host/ready-plans.ts";
import { hasCode } from "../../kernel/errno-error.ts";
import type { Level } from "../../model/policy.ts";

/** A start of a sealed domain, by root. */
export interface SealedRun {
  readonly domain: string;
  readonly number: number | null;
  /** At its start, which it keeps. */
  readonly level: Level;
  /** Of its first process. */
  readonly pid: number;
}

/** What the kernel says of the process that made a Landlock domain. */
interface Maker {
  readonly uid: number | null;
  readonly executable: string | null;
  /** The ready plan that the domain was denied at once, as only a launcher provokes it. */
  readonly plan: string | null;
}

/** Whose a process is that the kernel names in a record. */
export class SealedRuns {
  readonly #runs: string;
  readonly #plans: string;
  readonly #launcher: string | null;

  constructor({ system, plans, home }: Pick<Places, "system" | "plans" | "home">) {
    this.#runs = system.runs;
    this.#plans = plans;
    this.#launcher = realPath(join(home, "bin", "cofferdam"));
  }

  isPlan(path: string): boolean {
    return path.endsWith(".plan") && dirname(path) === this.#plans;
  }

  /**
   * The run of the process `pid`, if a launcher made the Landlock domain in it. A run that has
   * ended has no record any more: then its plan tells, and the user that the plan sets must be the
   * one who was denied, since anybody can start a process that tries to read a plan.
   */
  startedBy(pid: number, { uid, executable, plan }: Maker): SealedRun | null {
    const record = readRunRecord(this.#runs, pid);
    if (record !== null) {
      const byLauncher = plan !== null || (executable !== null && executable === this.#launcher);
      if (!byLauncher || record.mode !== "sealed") return null;
      const { domain, number, level } = record;
      return { domain, number, level, pid };
    }
    const planned = plan === null ? null : (readPlan(plan)?.plan ?? null);
    if (planned === null || planned.mode !== "sealed") return null;
    if (uid !== (planned.identity.user?.uid ?? 0)) return null;
    const { domain, number, level } = planned;
    return { domain, number, level, pid };
  }

  /** The sealed run that the process is in now; `unknown` where it has ended, or is hidden. */
  ofProcess(pid: number): SealedRun | "unknown" | null {
    const member = domainOfProcess(pid, this.#runs);
    if (typeof member === "string") return member === "unknown" ? member : null;
    const record = member.run === null ? null : readRunRecord(this.#runs, member.run);
    if (record === null || record.mode !== "sealed" || member.run === null) return null;
    const { domain, number, level } = record;
    return { domain, number, level, pid: member.run };
  }
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES")) return null;
    throw error;
  }
}
