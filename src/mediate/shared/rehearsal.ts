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

/** In a folder of root's in memory. No call is carried out, whatever the policy says. */
const path = c("/run/cofferdam-rehearsal");

/**
 * Calls that a stand-by judges for practice, so that the first real ones after a takeover find
 * compiled code. The caller is the stand-by itself. The domain has no processes and the policy of a
 * real one. Each call stops before its effect, and no process gets an answer.
 */
export class Rehearsal {
  readonly #broker: Broker;
  #left = CALLS_REHEARSED;
  #leftOut = 0;

  /** `plan`: the memfd of a served domain's plan. Throws if it holds none. */
  constructor(plan: number, state: ProcessState) {
    const memory = memoryOf(new Uint8Array(SLOTS_BYTES));
    this.#broker = new Broker(generationOf(readAll(plan)), state, null, memory, state.view);
  }

  get leftOut(): number {
    return this.#leftOut;
  }

  get isOver(): boolean {
    return this.#left <= 0;
  }

  /** Judges some calls, few enough that the watch goes on. */
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
