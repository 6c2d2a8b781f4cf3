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
 *
 * Nearly always the call is simply over then, and all that is left is to give back its slot and its
 * descriptors. The holder does not wake the mediator for that: the mediator looks when the next
 * call of the domain comes, and a tick later. What is not over by then, or keeps a slot that is
 * needed, the holder is asked to tell of.
 */
export class HeldExecs {
  readonly #holder: Holder;
  readonly #memory: Uint8Array;
  /** By index of the slot, those that were needed. */
  readonly #execs: (HeldExec | undefined)[] = [];
  /**
   * With the call, whose descriptors keep the inodes of what was judged from being given to other
   * files; null where a worker judged or another mediator.
   */
  readonly #held = new Map<Slot, Call | null>();
  #due = Number.POSITIVE_INFINITY;

  constructor(holder: Holder, memory: Uint8Array) {
    this.#holder = holder;
    this.#memory = memory;
  }

  /** Writes down what was judged. */
  judged(slot: Slot, program: JudgedProgram): void {
    this.#of(slot).judged(program);
  }

  /** What was judged lies behind the slots; false where the holder cannot know who waits. */
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

  /** Of a mediator before this one, which may have died before it rang. */
  takeOver(slots: readonly Slot[]): void {
    for (const slot of slots) this.#held.set(slot, null);
    this.awaitBells();
    if (slots.length > 0) this.#ring();
  }

  get hasAny(): boolean {
    return this.#held.size > 0;
  }

  /** When to look at them again: on the clock of performance.now(), infinite for never. */
  get due(): number {
    return this.#due;
  }

  /** The holder is to tell of each from now on. What is over already is {@link concluded} next. */
  awaitBells(): void {
    this.#due = Number.POSITIVE_INFINITY;
    for (const slot of this.#held.keys()) this.#of(slot).awaitsBell();
  }

  /** Those with which the holder is done; they are nobody's then. */
  *concluded(): Generator<
    { readonly slot: Slot; readonly call: Call | null } & { readonly came: Concluded }
  > {
    for (const [slot, call] of this.#held) {
      if (slot.state !== slotState.over) continue;
      this.#held.delete(slot);
      yield { slot, call, came: concludedOf(this.#of(slot)) };
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
      ? "it is traced by another process, or the kernel lets nobody trace it"
      : `error ${errno}`;
  return `the holder cannot trace the process to see what it executes: ${why}`;
}
