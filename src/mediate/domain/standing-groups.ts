import { capabilityMask } from "../../kernel/capability-mask.ts";
import { CAP_SETGID } from "../../kernel/constants.ts";
import { offsetsOf } from "../../plan/layout.ts";
import { letGoOn } from "../../plan/slots.ts";

const { groupsMove: MOVE } = offsetsOf(letGoOn);

/**
 * Whether a thread's supplementary groups may be remembered from one call to the next. Only the
 * thread itself changes them, by setgroups(2), and only with CAP_SETGID. So they cannot change
 * unnoticed
 *
 * - in a sealed domain that can have no such capability;
 * - in a supervised domain, whose mediator is notified of each setgroups, as long as numbers keep
 *   their meaning. A thread that is not the leader takes the leader's number when it executes, with
 *   its own groups, and the mediator does not learn when. From then on nothing is remembered. This
 *   is recorded in memory that mediator and successor share.
 */
export class StandingGroups {
  readonly #memory: Buffer;
  readonly #stand: boolean;

  /** `asked`: this process is notified of each setgroups. `bounding`: of a sealed domain's plan. */
  constructor(memory: Buffer, asked: boolean, bounding: bigint | null) {
    this.#memory = memory;
    this.#stand = asked || (bounding !== null && (bounding & capabilityMask(CAP_SETGID)) === 0n);
  }

  /** Call before answering a call after which a number may mean another thread of its process. */
  mayMove(): void {
    this.#memory.writeUInt32LE(1, MOVE);
  }

  get stand(): boolean {
    return this.#stand && this.#memory.readUInt32LE(MOVE) === 0;
  }
}
