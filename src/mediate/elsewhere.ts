import { spawn } from "node:child_process";
import { mediatorDescriptors } from "../plan/slots.ts";
import { abi, E } from "./abi.ts";
import { SLOW_CALL_MS_MAX, SLOW_CALLS_MAX, WORKER_END_MS_MAX } from "./limits.ts";
import type { Slot } from "./slot.ts";
import { close, sys } from "./sys.ts";

/** A process that does what may wait. It answers by itself: whoever has the listener may. */
interface Worker {
  readonly pid: number;
  /** It reads an {@link order} and does that call. */
  readonly orders: number;
  /** It writes the index of the slot, one byte, when the call is answered. */
  readonly answers: number;
}

/** Argument that makes the mediator's program a worker, and where that finds its pipes. */
export const WORKER_ARGUMENT = "worker";
export const workerDescriptors = { orders: 7, answers: 8 } as const;

/** The notification's id, then the index of its slot. */
export const ORDER_BYTES = 9;

function order(slot: Slot): Buffer {
  const bytes = Buffer.alloc(ORDER_BYTES);
  bytes.writeBigUInt64LE(slot.id, 0);
  bytes.writeUInt8(slot.index, 8);
  return bytes;
}

const SIGKILL = 9;
const WNOHANG = 1;

/**
 * Calls that may wait, done one after the other by a worker that is started for the first of them. One that does not answer within {@link SLOW_CALL_MS_MAX} is killed,
 * and another one takes over the rest.
 */
export class Elsewhere {
  #worker: Worker | null = null;
  /** The first is in hand. */
  readonly #calls: Slot[] = [];
  #deadline = 0;

  /** Polled for reading; null while nothing is under way. */
  get answers(): number | null {
    return this.#calls.length === 0 ? null : (this.#worker?.answers ?? null);
  }

  /** false: too many wait already. */
  give(slot: Slot): boolean {
    if (this.#calls.length >= SLOW_CALLS_MAX) return false;
    this.#calls.push(slot);
    if (this.#calls.length === 1) this.#order();
    return true;
  }

  /** After {@link answers} was ready: the call that is over. `answered` by the worker; otherwise it ended without a word. */
  take(): { readonly slot: Slot; readonly answered: boolean } | null {
    const index = Buffer.alloc(1);
    const got = this.#worker === null ? 0 : sys("read", this.#worker.answers, index, 1);
    if (got === -E.INTR) return null;
    const answered = got === 1 && index[0] === this.#calls[0]?.index;
    if (!answered) this.#end();
    return this.#next(answered);
  }

  /** Milliseconds that the call in hand may still take; -1 while there is none. */
  left(): number {
    return this.#calls.length === 0 ? -1 : Math.max(0, this.#deadline - Date.now());
  }

  /** Gives up the call in hand, whose time is over. */
  giveUp(): Slot | null {
    this.#end();
    return this.#next(false)?.slot ?? null;
  }

  /** Lets an idle worker write what it has counted, and waits for that a little. */
  close(): void {
    if (this.#worker === null) return;
    close(this.#worker.orders);
    const request = Buffer.alloc(8);
    request.writeInt32LE(this.#worker.answers, 0);
    if (this.#calls.length === 0) sys("poll", request, 1, WORKER_END_MS_MAX);
  }

  #next(answered: boolean): { slot: Slot; answered: boolean } | null {
    const slot = this.#calls.shift();
    if (this.#calls.length > 0) this.#order();
    return slot === undefined ? null : { slot, answered };
  }

  #order(): void {
    const [first] = this.#calls;
    if (first === undefined) return;
    this.#worker ??= start();
    this.#deadline = Date.now() + SLOW_CALL_MS_MAX;
    // A worker that is gone shows itself at its other pipe.
    sys("write", this.#worker.orders, order(first), ORDER_BYTES);
  }

  /** It may hang in the kernel for a while yet, so that it is collected when the next one starts. */
  #end(): void {
    if (this.#worker === null) return;
    sys("kill", this.#worker.pid, SIGKILL);
    close(this.#worker.orders);
    close(this.#worker.answers);
    this.#worker = null;
  }
}

function start(): Worker {
  while (sys("wait4", -1, null, WNOHANG, null) > 0);
  const [orders, answers] = [pipe(), pipe()];
  const { listener, slots, plan, events } = mediatorDescriptors;
  const child = spawn(process.execPath, [process.argv[1] ?? "", WORKER_ARGUMENT], {
    stdio: ["ignore", "ignore", "ignore", listener, slots, plan, events, orders.read, answers.write],
    env: { PATH: process.env.PATH },
    cwd: "/",
  });
  close(orders.read);
  close(answers.write);
  // Without a process both pipes are closed at the far end, which is how it shows.
  return { pid: child.pid ?? 0, orders: orders.write, answers: answers.read };
}

function pipe(): { read: number; write: number } {
  const ends = Buffer.alloc(8);
  const made = sys("pipe2", ends, abi.O_CLOEXEC);
  if (made < 0) throw new Error(`no pipe: error ${-made}`);
  return { read: ends.readInt32LE(0), write: ends.readInt32LE(4) };
}
