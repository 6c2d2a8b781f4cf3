import { SIGKILL } from "../../kernel/constants.ts";
import { ErrnoError } from "../../kernel/errno-error.ts";
import { spawnProcess } from "../../kernel/spawn.ts";
import type { Handed } from "../domain/handed.ts";
import {
  HANGING_WORKERS_MAX,
  SLOW_CALL_MS_MAX,
  SLOW_CALLS_MAX,
  WORKER_END_MS_MAX,
  WORKER_IDLE_MS_MAX,
} from "../limits.ts";
import type { Slot } from "../loop/slot.ts";
import { abi, E } from "../sys/abi.ts";
import { close, isReady, openat, pipe, sys } from "../sys/sys.ts";
import { ORDER_BYTES, type Order, orderBytes, orderFor } from "./order.ts";
import { isThere, reap } from "./reap.ts";

/** A process that does what may wait. It answers by itself: whoever has the listener may. */
interface Worker {
  readonly pid: number;
  /** It reads an {@link Order} and does that call. */
  readonly orders: number;
  /**
   * It writes the index of the slot, one byte, when the call is answered; with {@link TO_HOLD} when
   * that is for the holder.
   */
  readonly answers: number;
}

/**
 * First argument of a worker; behind it the folder of {@link ProcessState}, and the process id of
 * its mediator.
 */
export const WORKER_ARGUMENT = "worker";
/** It judged an execution: what is to be executed lies behind the slots. */
export const TO_HOLD = 0x80;
/** POLLHUP, which poll(2) tells of whatever is asked for. */
const ENDED = 0;
/** Where it finds its pipes, behind what every mediator finds. */
export const workerDescriptors = { orders: 7, answers: 8 } as const;

/** A call, and how it was given away. */
interface Given {
  readonly slot: Slot;
  readonly order: Order;
}

/** A call that a worker is done with. */
interface Done {
  readonly slot: Slot;
  /** By the worker; `held`: judged, and for the holder; false: the worker ended without a word. */
  readonly answered: boolean | "held";
}

/**
 * Told which descriptor the worker answers on, as soon as there is one, and when it is about to be
 * closed.
 */
export interface WorkerWatcher {
  opened(answers: number): void;
  closing(): void;
}

/**
 * Calls of one domain that may wait, done one after the other by a worker that is started for the
 * first of them. One that does not answer within {@link SLOW_CALL_MS_MAX} is killed, and another
 * one takes over the rest; one without work ends after {@link WORKER_IDLE_MS_MAX}.
 */
export class Workers {
  readonly #handed: Handed;
  readonly #folder: string;
  readonly #watcher: WorkerWatcher;
  #worker: Worker | null = null;
  /** The first is in hand. */
  readonly #calls: Given[] = [];
  #due = Number.POSITIVE_INFINITY;
  /** Process ids of workers that were killed and hang in the kernel still. */
  #hanging: readonly number[] = [];

  constructor(handed: Handed, folder: string, watcher: WorkerWatcher) {
    this.#handed = handed;
    this.#folder = folder;
    this.#watcher = watcher;
  }

  /** false: too many wait already, or no process can be had. */
  give(slot: Slot): boolean {
    if (this.#calls.length >= SLOW_CALLS_MAX || !this.#hasWorker()) return false;
    this.#calls.push({ slot, order: orderFor(slot) });
    if (this.#calls.length === 1) this.#order();
    return true;
  }

  /**
   * After the worker's descriptor was ready: the call that is over.
   */
  take(): Done | null {
    const index = Buffer.alloc(1);
    const got = this.#worker === null ? 0 : sys("read", this.#worker.answers, index, 1);
    if (got === -E.INTR) return null;
    const said = index.readUInt8(0);
    const answered = got === 1 && (said & ~TO_HOLD) === this.#calls[0]?.slot.index;
    if (!answered) this.#end();
    return this.#next(answered && (said & TO_HOLD) !== 0 ? "held" : answered);
  }

  /**
   * When {@link overdue} is to be called, on the clock of performance.now(); infinite without a
   * worker.
   */
  get due(): number {
    return this.#due;
  }

  /**
   * Gives up the call in hand, whose time is over; null when it was only the worker that had
   * nothing to do for long.
   */
  overdue(): Slot | null {
    if (this.#calls.length === 0) {
      this.#dismiss();
      return null;
    }
    this.#end();
    return this.#next(false)?.slot ?? null;
  }

  /**
   * A worker writes what it has counted and ends. `waiting`: this process ends too, and it with it,
   * so it is given a moment, also with a call in hand: it may have answered that and not have said
   * so yet. True when there is none any more, whatever it may have left unsaid.
   */
  close(waiting: boolean): boolean {
    if (!waiting && this.#calls.length > 0) this.#end();
    if (this.#worker === null) return true;
    close(this.#worker.orders);
    if (waiting && !this.#endsIn(WORKER_END_MS_MAX)) sys("kill", this.#worker.pid, SIGKILL);
    this.#forget();
    return waiting;
  }

  /** Another loop serves the domain: the worker ends when it has done the call in hand. */
  leave(): void {
    this.#calls.length = 0;
    this.#dismiss();
  }

  #endsIn(milliseconds: number): boolean {
    return isReady(this.#worker?.answers ?? -1, ENDED, milliseconds);
  }

  #dismiss(): void {
    if (this.#worker === null) return;
    close(this.#worker.orders);
    this.#forget();
  }

  #next(answered: Done["answered"]): Done | null {
    const slot = this.#calls.shift()?.slot;
    if (this.#calls.length > 0 && this.#hasWorker()) this.#order();
    else this.#due = this.#worker === null ? this.#due : performance.now() + WORKER_IDLE_MS_MAX;
    return slot === undefined ? null : { slot, answered };
  }

  #hasWorker(): boolean {
    if (this.#worker !== null) return true;
    this.#hanging = this.#hanging.filter(isThere);
    reap();
    this.#worker =
      this.#hanging.length < HANGING_WORKERS_MAX ? start(this.#handed, this.#folder) : null;
    if (this.#worker === null) {
      // Whoever waits already is given up when its time is over.
      this.#due = performance.now() + SLOW_CALL_MS_MAX;
      return false;
    }
    this.#watcher.opened(this.#worker.answers);
    return true;
  }

  #order(): void {
    const [first] = this.#calls;
    if (first === undefined || this.#worker === null) return;
    this.#due = performance.now() + SLOW_CALL_MS_MAX;
    // A worker that is gone shows itself at its other pipe.
    sys("write", this.#worker.orders, orderBytes(first.order), ORDER_BYTES);
  }

  /**
   * It may hang in the kernel for a while yet, so that it is collected when the next one starts.
   */
  #end(): void {
    if (this.#worker === null) return;
    sys("kill", this.#worker.pid, SIGKILL);
    this.#hanging = [...this.#hanging, this.#worker.pid];
    close(this.#worker.orders);
    this.#forget();
  }

  #forget(): void {
    if (this.#worker === null) return;
    this.#watcher.closing();
    close(this.#worker.answers);
    this.#worker = null;
    this.#due = Number.POSITIVE_INFINITY;
  }
}

/** null when the host has no process or descriptor left. */
function start(handed: Handed, folder: string): Worker | null {
  const [orders, answers, silence] = [pipe(), pipe(), devNull()];
  const child = [orders.read, answers.write, silence];
  const { listener, slots, plan, events } = handed;
  const args = [process.argv[1] ?? "", WORKER_ARGUMENT, folder, String(process.pid)];
  const given = [
    silence,
    silence,
    silence,
    listener,
    slots,
    plan,
    events ?? silence,
    orders.read,
    answers.write,
  ];
  try {
    const pid = spawnProcess(process.execPath, args, [`PATH=${process.env.PATH ?? ""}`], given);
    return { pid, orders: orders.write, answers: answers.read };
  } catch (cause) {
    for (const fd of [orders.write, answers.read]) close(fd);
    if (cause instanceof ErrnoError) return null;
    throw cause;
  } finally {
    for (const fd of child) close(fd);
  }
}

function devNull(): number {
  return openat(abi.AT_FDCWD, "/dev/null", abi.O_RDWR);
}
