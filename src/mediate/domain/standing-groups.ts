import { capabilityMask } from "../../kernel/capability-mask.ts";
import { CAP_SETGID } from "../../kernel/constants.ts";
import { offsetsOf } from "../../plan/layout.ts";
import { letGoOn } from "../../plan/slots.ts";

const { groupsMove: MOVE } = offsetsOf(letGoOn);

/**
 * Whether a thread's supplementary groups may be remembered from one call to the next. Only the
 * thread itself changes them, by setgroups(2), and only with CAP_SETGID. So they stand
 *
 * - in a sealed domain that can have no such capability: nobody in it changes any;
 * - in a supervised one, whose mediator is asked about each setgroups. But a thread that is no
 *   leader and executes gets its leader's number, with groups of its own, and nobody is told when:
 *   from then on nothing is remembered. That lies in memory that mediator and successor share.
 */
export class StandingGroups {
  readonly #memory: Buffer;
  readonly #stand: boolean;

  /** `asked`: this process is asked about each setgroups. `bounding`: of a sealed domain's plan. */
  constructor(memory: Buffer, asked: boolean, bounding: bigint | null) {
    this.#memory = memory;
    this.#stand = asked || (bounding !== null && (bounding & capabilityMask(CAP_SETGID)) === 0n);
  }

  /** Before a call is answered after which a number may mean another thread of its process. */
  mayMove(): void {
    this.#memory.writeUInt32LE(1, MOVE);
  }

  get stand(): boolean {
    return this.#stand && this.#memory.readUInt32LE(MOVE) === 0;
  }
}
