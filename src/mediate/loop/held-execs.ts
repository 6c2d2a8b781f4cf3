import { execOutcome, slotState } from "../../plan/slots.ts";
import { type Answer, type Refused, unable } from "../answer/outcome.ts";
import type { Call } from "../calls/call.ts";
import type { Holder } from "../domain/handed.ts";
import { E } from "../sys/abi.ts";
import { shown } from "../sys/sys.ts";
import { hearBell, ringBell } from "./bell.ts";
import { HeldExec, numbersAt, numbersOf } from "./held-exec.ts";
import type { Slot } from "./slot.ts";

/** What came of an execution. */
export type Concluded =
  /** The call is over, whether the program runs or its caller got an error. */
  | { readonly kind: "over" }
  /** Nobody waits any more, and something must be told. */
  | { readonly kind: "ended"; readonly told: Refused }
  /** It waits, and is to be answered so. */
  | { readonly kind: "waits"; readonly answer: Answer };

/**
 * Executions of one domain that were judged and lie with its holder, which lets them go on and
 * looks at what is executed.
 */
export class HeldExecs {
  readonly #holder: Holder;
  readonly #memory: Uint8Array;
  /**
   * With the call, whose descriptors keep the inodes of what was judged from being given to other
   * files; null where a worker judged or another mediator.
   */
  readonly #held = new Map<Slot, Call | null>();

  constructor(holder: Holder, memory: Uint8Array) {
    this.#holder = holder;
    this.#memory = memory;
  }

  /** What was judged lies behind the slots; false where the holder cannot know who waits. */
  give(slot: Slot, call: Call | null): boolean {
    const { depth, pid } = this.#holder;
    const numbers =
      call === null
        ? numbersOf(slot.tid, depth)
        : numbersAt(depth, call.target.credentials.numbers);
    if (numbers === null) return false;
    new HeldExec(this.#memory, slot.index).asks(numbers, pid);
    this.#held.set(slot, call);
    slot.hold();
    this.#ring();
    return true;
  }

  /** Of a mediator before this one, which may have died before it rang. */
  takeOver(slots: readonly Slot[]): void {
    for (const slot of slots) this.#held.set(slot, null);
    if (slots.length > 0) this.#ring();
  }

  /** Those with which the holder is done; they are nobody's then. */
  *concluded(): Generator<
    { readonly slot: Slot; readonly call: Call | null } & { readonly came: Concluded }
  > {
    for (const [slot, call] of this.#held) {
      if (slot.state !== slotState.over) continue;
      this.#held.delete(slot);
      yield { slot, call, came: concludedOf(new HeldExec(this.#memory, slot.index)) };
    }
  }

  /** What the holder told; false where it has ended. */
  hear(): boolean {
    return hearBell(this.#holder.bell);
  }

  /** Of a holder that has ended: what it had not let go on waits still. */
  *abandoned(): Generator<{ readonly slot: Slot; readonly call: Call | null }> {
    for (const [slot, call] of this.#held) yield { slot, call };
    this.#held.clear();
  }

  /** Nobody waits for them any more. */
  clear(): void {
    for (const call of this.#held.values()) call?.close();
    this.#held.clear();
  }

  #ring(): void {
    ringBell(this.#holder.bell);
  }
}

function concludedOf(exec: HeldExec): Concluded {
  switch (exec.outcome) {
    case execOutcome.other: {
      const what = `${shown(exec.found)}: not the program that was judged; the process was ended`;
      return { kind: "ended", told: unable(E.ACCES, "execute", what) };
    }
    case execOutcome.untraced:
      return { kind: "waits", answer: unable(E.ACCES, "execute", untraced(exec.errno)) };
    default:
      return { kind: "over" };
  }
}

function untraced(errno: number): string {
  const why =
    errno === E.PERM
      ? "it is traced by another process, or the kernel lets nobody trace it"
      : `error ${errno}`;
  return `the holder cannot trace the process to see what it executes: ${why}`;
}
