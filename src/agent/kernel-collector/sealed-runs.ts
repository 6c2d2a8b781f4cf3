import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { domainOfProcess } from "../../domains/membership.ts";
import { readRunRecord } from "../../domains/runs.ts";
import { planKeptBy } from "../../host/held-names.ts";
import { launcherOf, type Places } from "../../host/places.ts";
import { readPlan, readyPlans } from "../../host/ready-plans.ts";
import { unlessGone } from "../../kernel/unless-gone.ts";
import type { Level, Policy } from "../../model/policy.ts";

export interface SealedRun {
  readonly domain: string;
  readonly number: number | null;
  /** A sealed run keeps the level of its start. */
  readonly level: Level;
  /** Of its first process. */
  readonly pid: number;
}

/** What the kernel reports of the process that made a Landlock domain. */
interface Maker {
  readonly uid: number | null;
  readonly executable: string | null;
  /** The ready plan that the domain was denied first; only a launcher provokes that. */
  readonly plan: string | null;
}

/** Finds the sealed run of a process that the kernel names in a record. */
export class SealedRuns {
  readonly #runs: string;
  readonly #plans: string;
  readonly #launcher: string | null;

  constructor(places: Pick<Places, "system" | "plans" | "home">) {
    this.#runs = places.system.runs;
    this.#plans = places.plans;
    const launcher = launcherOf(places);
    this.#launcher = unlessGone(() => realpathSync(launcher), ["ENOENT", "ENOTDIR", "EACCES"]);
  }

  isPlan(path: string): boolean {
    return path.endsWith(".plan") && dirname(path) === this.#plans;
  }

  /**
   * The run of the process `pid`, if a launcher made the Landlock domain in it. A run that has
   * ended has no record any more, and is identified by its plan. The user of the process must then
   * be the one that the plan sets, because every user can start a process that tries to read a
   * plan.
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

  /**
   * The policy with which the run was started: its holder has the plan. Of a run that has ended it
   * is that of the domain's ready plan. null if neither is there.
   */
  policyOf({ pid, domain }: SealedRun): Policy | null {
    const record = readRunRecord(this.#runs, pid);
    const kept = record?.domain === domain ? planKeptBy(record.holder) : null;
    const plan = kept ?? readyPlans({ plans: this.#plans }, domain)[0]?.plan;
    return plan?.mediation.policy ?? null;
  }

  /** `unknown` if the process has ended, or is hidden. */
  ofProcess(pid: number): SealedRun | "unknown" | null {
    const member = domainOfProcess(pid, this.#runs);
    if (typeof member === "string") return member === "unknown" ? member : null;
    const record = member.run === null ? null : readRunRecord(this.#runs, member.run);
    if (record === null || record.mode !== "sealed" || member.run === null) return null;
    const { domain, number, level } = record;
    return { domain, number, level, pid: member.run };
  }
}
