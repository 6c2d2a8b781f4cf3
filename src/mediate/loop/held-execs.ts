import { execOutcome, slotState } from "../../plan/slots.ts";
import { type Answer, type JudgedProgram, type Refused, unable } from "../answer/outcome.ts";
import type { Call } from "../calls/call.ts";
import type { Holder } from "../domain/handed.ts";
import { TICK_MS } from "../limits.ts";
import { E } from "../sys/abi.ts";
import { shown } from "../sys/sys.ts";
import { hearBell, ringBell } from "./bell.ts";
import { HeldExec, numbersAt, numbersOf } from "./held-exec.ts";
import type { Slot } from "./slot.ts";

export type Concluded =
  /** The program runs, or the caller got an error. */
  | { readonly kind: "over" }
  /** The holder killed the process, and the refusal must be logged. */
  | { readonly kind: "ended"; readonly told: Refused }
  | { readonly kind: "waits"; readonly answer: Answer };

/**
 * Executions of one domain that were judged and handed to the holder, which lets each continue and
 * checks what is executed.
 *
 * Nearly every execution then succeeds, and only its slot and descriptors have to be given back.
 * The holder wakes no mediator for that: the mediator looks when the domain's next call arrives,
 * and a tick later. It has the holder ring for executions that are not over by then, and for all
 * when a slot is needed.
 */
export class HeldExecs {
  readonly #holder: Holder;
  readonly #memory: Uint8Array;
  readonly #execs: (HeldExec | undefined)[] = [];
  /**
   * The call of each execution. Its open descriptors keep the kernel from reusing the inodes of the
   * judged files. null if a worker or an earlier mediator judged.
   */
  readonly #held = new Map<Slot, Call | null>();
  #due = Number.POSITIVE_INFINITY;

  constructor(holder: Holder, memory: Uint8Array) {
    this.#holder = holder;
    this.#memory = memory;
  }

  judged(slot: Slot, program: JudgedProgram): void {
    this.#of(slot).judged(program);
  }

  /**
   * Hands an execution to the holder, after {@link judged}. Returns false if the holder cannot see
   * the calling thread.
   */
  give(slot: Slot, call: Call | null): boolean {
    const { depth, pid } = this.#holder;
    const numbers =
      call === null
        ? numbersOf(slot.tid, depth)
        : numbersAt(depth, call.target.credentials.numbers);
    if (numbers === null) return false;
    this.#of(slot).asks(numbers, pid);
    this.#held.set(slot, call);
    slot.hold();
    this.#ring();
    if (this.#due === Number.POSITIVE_INFINITY) this.#due = performance.now() + TICK_MS;
    return true;
  }

  /** From a mediator that may have died before it rang. */
  takeOver(slots: readonly Slot[]): void {
    for (const slot of slots) this.#held.set(slot, null);
    this.awaitBells();
    if (slots.length > 0) this.#ring();
  }

  get hasAny(): boolean {
    return this.#held.size > 0;
  }

  /** On the clock of performance.now(); infinite for never. */
  get due(): number {
    return this.#due;
  }

  /**
   * Has the holder ring for each execution from now on. Those that are over already come from the
   * next {@link concluded}.
   */
  awaitBells(): void {
    this.#due = Number.POSITIVE_INFINITY;
    for (const slot of this.#held.keys()) this.#of(slot).awaitsBell();
  }

  *concluded(): Generator<
    { readonly slot: Slot; readonly call: Call | null } & { readonly came: Concluded }
  > {
    for (const [slot, call] of this.#held) {
      if (slot.state !== slotState.over) continue;
      this.#held.delete(slot);
      yield { slot, call, came: concludedOf(this.#of(slot)) };
    }
  }

  /** Returns false when the holder has ended. */
  hear(): boolean {
    return hearBell(this.#holder.bell);
  }

  /** Takes the executions of a holder that has ended. Their callers still wait. */
  *abandoned(): Generator<{ readonly slot: Slot; readonly call: Call | null }> {
    for (const [slot, call] of this.#held) yield { slot, call };
    this.#held.clear();
  }

  clear(): void {
    for (const call of this.#held.values()) call?.close();
    this.#held.clear();
  }

  #of({ index }: Slot): HeldExec {
    const known = this.#execs[index];
    if (known !== undefined) return known;
    const made = new HeldExec(this.#memory, index);
    this.#execs[index] = made;
    return made;
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
      ? "it is traced by another process, or the kernel does not allow tracing it"
      : `error ${errno}`;
  return `the holder cannot trace the process to see what it executes: ${why}`;
}
