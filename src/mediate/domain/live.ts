import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { WRITABLE_BY_OTHERS } from "../../base/modes.ts";
import type { LiveTable } from "../../domains/live-table.ts";
import { hasCode } from "../../kernel/errno-error.ts";
import type { Level } from "../../model/policy.ts";
import { offsetsOf, place } from "../../plan/layout.ts";
import { isOutdated } from "../../plan/outdated.ts";
import type { Plan } from "../../plan/plan.ts";
import { outdatedPolicy } from "../../plan/slots.ts";
import { readAll } from "../sys/read-all.ts";
import { type Generation, generationOf } from "./generation.ts";
import type { ProcessState } from "./process-state.ts";
import { UsedGrants } from "./used-grants.ts";

export const OUTDATED_POLICY_BYTES = place(outdatedPolicy).size;
const { numberPlusOne: OUTDATED } = offsetsOf(outdatedPolicy);

export interface LiveProblems {
  /** A policy cannot be taken, and the previous one stays in force. */
  readonly notTaken: (generation: number, why: string) => void;
  readonly notMarked: (why: string) => void;
}

/**
 * The level and policy that the agent has put into force, in shared memory and a file beside it
 * (`src/domains/live-table.ts`).
 */
export class Live {
  readonly #number: number;
  readonly #domain: string;
  readonly #table: LiveTable;
  readonly #file: string;
  readonly #folder: string;
  readonly #tell: LiveProblems;
  /** The agent counts from 1; 0 stands for the plan's own policy. */
  #seen: number;

  /**
   * `outdated` is memory that outlives this mediator.
   */
  constructor(
    plan: NumberedPlan,
    { table, folder }: ProcessState,
    outdated: Buffer,
    tell: LiveProblems,
  ) {
    this.#number = plan.number;
    this.#domain = plan.domain;
    this.#table = table;
    this.#file = `${folder}/live/${plan.number}`;
    this.#folder = folder;
    this.#tell = tell;
    if (outdated.readUInt32LE(OUTDATED) === 0)
      outdated.writeUInt32LE(this.#outdatedAtStart() + 1, OUTDATED);
    this.#seen = outdated.readUInt32LE(OUTDATED) - 1;
  }

  /**
   * The generation of a policy that is older than this start's plan; 0 if there is none. A run that
   * ended may have left a policy in force whose files changed before the agent noticed. The plan of
   * this start is then newer.
   */
  #outdatedAtStart(): number {
    const generation = this.#table.generation(this.#number);
    if (generation === 0) return 0;
    try {
      return isOutdated(this.#read().plan.facts) ? generation : 0;
    } catch (cause) {
      // Other errors are reported when the policy is to be taken.
      return hasCode(cause, "ENOENT") ? generation : 0;
    }
  }

  /** null if the domain is not in the table. */
  level(now?: number): Level | null {
    return this.#table.level(this.#number, now);
  }

  /** null if no policy was put into force since the last call. */
  next(now?: number): Generation | null {
    const generation = this.#table.generation(this.#number, now);
    if (generation === this.#seen || generation === 0) return null;
    this.#seen = generation;
    try {
      return this.#read();
    } catch (cause) {
      this.#tell.notTaken(generation, (cause as Error).message);
      return null;
    }
  }

  /** Where the grants of a policy are marked that are used. */
  usedGrants({ index }: Generation): UsedGrants | null {
    try {
      return UsedGrants.open(`${this.#folder}/used`, this.#number, index);
    } catch (cause) {
      this.#tell.notMarked((cause as Error).message);
      return null;
    }
  }

  #read(): Generation {
    const fd = openSync(
      this.#file,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile() || stats.uid !== 0 || (stats.mode & WRITABLE_BY_OTHERS) !== 0)
        throw new Error("only root may be able to write it");
      const generation = generationOf(readAll(fd));
      const { number, domain } = generation.plan;
      if (number !== this.#number || domain !== this.#domain)
        throw new Error(`it is ${domain}(${number})'s`);
      return generation;
    } finally {
      closeSync(fd);
    }
  }
}

export type NumberedPlan = Plan & { readonly number: number };

/**
 * Level and policy can change only in a supervised domain of root's, because only root's agent
 * writes the table.
 */
export function isLive(plan: Plan): plan is NumberedPlan {
  return plan.mode === "supervised" && plan.mediation.live && plan.number !== null;
}
