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

/**
 * A process that does what may block. It answers calls itself, as any process with the listener
 * can.
 */
interface Worker {
  readonly pid: number;
  /** The worker reads an {@link Order} here and does that call. */
  readonly orders: number;
  /**
   * The worker writes the index of the slot, one byte, when the call is answered; with {@link
   * TO_HOLD} if the holder must go on with it.
   */
  readonly answers: number;
}

/** The folder of {@link ProcessState} and the mediator's process id follow. */
export const WORKER_ARGUMENT = "worker";
/** The worker judged an execution, and the record behind the slots says what may be executed. */
export const TO_HOLD = 0x80;
/** POLLHUP, which poll(2) reports without being asked for. */
const ENDED = 0;
/**
 * Behind the descriptors of every mediator. `mounts`, `users`: the domain's namespaces, or
 * /dev/null if one is the mediator's own.
 */
export const workerDescriptors = { orders: 7, answers: 8, mounts: 9, users: 10 } as const;

interface Given {
  readonly slot: Slot;
  readonly order: Order;
}

interface Done {
  readonly slot: Slot;
  /**
   * true: the worker answered. `held`: it judged, and the holder goes on. false: it ended without a
   * message.
   */
  readonly answered: boolean | "held";
}

/** Told which descriptor the worker answers on once there is one, and before it is closed. */
export interface WorkerWatcher {
  opened(answers: number): void;
  closing(): void;
}

/**
 * Calls of one domain that may block. A worker, started for the first of them, does them one after
 * the other. A worker that does not answer within {@link SLOW_CALL_MS_MAX} is killed and replaced.
 * One without work ends after {@link WORKER_IDLE_MS_MAX}.
 */
export class Workers {
  readonly #handed: Handed;
  readonly #folder: string;
  readonly #watcher: WorkerWatcher;
  #worker: Worker | null = null;
  /** The first call is in hand. */
  readonly #calls: Given[] = [];
  #due = Number.POSITIVE_INFINITY;
  #hanging: readonly number[] = [];

  constructor(handed: Handed, folder: string, watcher: WorkerWatcher) {
    this.#handed = handed;
    this.#folder = folder;
    this.#watcher = watcher;
  }

  /** Returns false if too many calls wait already, or no worker can be started. */
  give(slot: Slot): boolean {
    if (this.#calls.length >= SLOW_CALLS_MAX || !this.#hasWorker()) return false;
    this.#calls.push({ slot, order: orderFor(slot) });
    if (this.#calls.length === 1) this.#order();
    return true;
  }

  /** Call once the worker's descriptor is ready. */
  take(): Done | null {
    const index = Buffer.alloc(1);
    const got = this.#worker === null ? 0 : sys("read", this.#worker.answers, index, 1);
    if (got === -E.INTR) return null;
    const said = index.readUInt8(0);
    const answered = got === 1 && (said & ~TO_HOLD) === this.#calls[0]?.slot.index;
    if (!answered) this.#end();
    return this.#next(answered && (said & TO_HOLD) !== 0 ? "held" : answered);
  }

  /** On the clock of performance.now(); infinite without a worker. */
  get due(): number {
    return this.#due;
  }

  /**
   * Gives up the call in hand, whose time is over. Returns null if only an idle worker was
   * dismissed.
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
   * Ends the worker, which writes what it has counted. `waiting`: this process exits next, and the
   * worker with it. So it gets a moment, even with a call in hand: it may have answered that call
   * and not reported it yet. Returns true when no worker is left, whatever it did not write.
   */
  close(waiting: boolean): boolean {
    if (!waiting && this.#calls.length > 0) this.#end();
    if (this.#worker === null) return true;
    close(this.#worker.orders);
    if (waiting && !this.#endsIn(WORKER_END_MS_MAX)) sys("kill", this.#worker.pid, SIGKILL);
    this.#forget();
    return waiting;
  }

  /** Another loop serves the domain: the worker ends after the call in hand. */
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
      // Calls that wait already are given up when their time is over.
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
    sys("write", this.#worker.orders, orderBytes(first.order), ORDER_BYTES);
  }

  /**
   * The worker may still hang in the kernel for a while. It is collected when the next one starts.
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

/** null if the host has no process or descriptor left. */
function start(handed: Handed, folder: string): Worker | null {
  const [orders, answers, silence] = [pipe(), pipe(), devNull()];
  const child = [orders.read, answers.write, silence];
  const { listener, slots, plan, events, mounts, users } = handed;
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
    mounts ?? silence,
    users ?? silence,
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
