import { closeSync, constants, fstatSync, openSync } from "node:fs";
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

/** Bytes of memory that {@link outdatedPolicy} takes. */
export const OUTDATED_POLICY_BYTES = place(outdatedPolicy).size;
const { numberPlusOne: OUTDATED } = offsetsOf(outdatedPolicy);

/**
 * Level and policy that the agent has put into force, in shared memory and beside it
 * (`src/domains/live-table.ts`).
 */
export class Live {
  readonly #number: number;
  readonly #domain: string;
  readonly #table: LiveTable;
  readonly #file: string;
  readonly #problem: (generation: number, why: string) => void;
  /** The agent's count starts with 1: until then the plan's own policy holds. */
  #seen: number;

  /**
   * `problem` is told of a policy that cannot be taken: the one before stays. `outdated` is memory
   * that outlives this mediator.
   */
  constructor(
    plan: NumberedPlan,
    { table, folder }: ProcessState,
    outdated: Buffer,
    problem: (generation: number, why: string) => void,
  ) {
    this.#number = plan.number;
    this.#domain = plan.domain;
    this.#table = table;
    this.#file = `${folder}/live/${plan.number}`;
    this.#problem = problem;
    if (outdated.readUInt32LE(OUTDATED) === 0)
      outdated.writeUInt32LE(this.#outdatedAtStart() + 1, OUTDATED);
    this.#seen = outdated.readUInt32LE(OUTDATED) - 1;
  }

  /**
   * A run that has ended may have left a policy in force that was changed or withdrawn since: the
   * agent has not seen either yet. The plan of this start is the newer one. 0 where there is no such
   * policy.
   */
  #outdatedAtStart(): number {
    const generation = this.#table.generation(this.#number);
    if (generation === 0) return 0;
    try {
      return isOutdated(this.#read().plan.facts) ? generation : 0;
    } catch (cause) {
      // Anything else is told of when it is to be taken.
      return hasCode(cause, "ENOENT") ? generation : 0;
    }
  }

  /** null where the table does not know the domain. */
  level(now?: number): Level | null {
    return this.#table.level(this.#number, now);
  }

  /** The policy that was put into force since the last time; null where there is none. */
  next(now?: number): Generation | null {
    const generation = this.#table.generation(this.#number, now);
    if (generation === this.#seen || generation === 0) return null;
    this.#seen = generation;
    try {
      return this.#read();
    } catch (cause) {
      this.#problem(generation, (cause as Error).message);
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
      if (!stats.isFile() || stats.uid !== 0 || (stats.mode & 0o022) !== 0)
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
 * Only what is supervised can change while it runs, and only as root, since only root's agent
 * writes the table.
 */
export function isLive(plan: Plan): plan is NumberedPlan {
  return plan.mode === "supervised" && plan.mediation.live && plan.number !== null;
}
