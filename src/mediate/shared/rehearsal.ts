import { addressOf } from "../../kernel/ffi.ts";
import { number } from "../../kernel/syscalls.ts";
import { SLOTS_BYTES } from "../../plan/slots.ts";
import { unable } from "../answer/outcome.ts";
import { Settled } from "../answer/settled.ts";
import type { Notification } from "../calls/call.ts";
import { dispatch } from "../calls/dispatch.ts";
import { Broker } from "../domain/broker.ts";
import { generationOf } from "../domain/generation.ts";
import type { ProcessState } from "../domain/process-state.ts";
import { memoryOf } from "../domain/shared-memory.ts";
import { CALLS_REHEARSED, CALLS_REHEARSED_AT_A_TIME } from "../limits.ts";
import { E } from "../sys/abi.ts";
import { readAll } from "../sys/read-all.ts";
import { c } from "../sys/sys.ts";

/** In a folder that is root's and in memory; whatever a policy says of it, nothing is done. */
const path = c("/run/cofferdam-rehearsal");

/**
 * Calls that a stand-by judges before there are any, so that the first ones after a takeover find
 * code that is compiled. Their caller is the stand-by itself, their domain one that nobody is in,
 * with the policy of a real one; what would have an effect ends before it, and nobody is answered.
 */
export class Rehearsal {
  readonly #broker: Broker;
  #left = CALLS_REHEARSED;
  #leftOut = 0;

  /** `plan`: memfd of a domain that is served. Throws where it is none. */
  constructor(plan: number, state: ProcessState) {
    const memory = memoryOf(new Uint8Array(SLOTS_BYTES));
    this.#broker = new Broker(generationOf(readAll(plan)), state, null, memory);
  }

  /** Effects that would have come. */
  get leftOut(): number {
    return this.#leftOut;
  }

  get isOver(): boolean {
    return this.#left <= 0;
  }

  /** Some calls: this process has something else to do. */
  some(): void {
    for (let count = 0; count < CALLS_REHEARSED_AT_A_TIME; count++) {
      const name = this.#left % 2 === 0 ? "mkdir" : "rmdir";
      const { call } = dispatch(
        this.#broker,
        notified(name, () => this.#stop()),
      );
      call.close();
      this.#left -= 1;
    }
    if (this.isOver) this.end();
  }

  #stop(): never {
    this.#leftOut += 1;
    throw new Settled(unable(E.IO, "rehearse", "nothing is done"));
  }

  end(): void {
    this.#left = 0;
    this.#broker.close();
  }
}

/** `started`: before an effect. */
function notified(call: string, started: () => never): Notification {
  return {
    tid: process.pid,
    number: number(call) ?? -1,
    word: (index) => (index === 0 ? addressOf(path) : 0n),
    low: (index) => (index === 0 ? Number(addressOf(path) & 0xffff_ffffn) : 0),
    stillWaiting: () => true,
    started,
    undone: () => undefined,
  };
}
