import { SIGKILL, SO_SNDBUFFORCE, SOL_SOCKET } from "../../kernel/constants.ts";
import type { Epoll } from "../../kernel/epoll.ts";
import { ErrnoError } from "../../kernel/errno-error.ts";
import { spawnProcess } from "../../kernel/spawn.ts";
import { PASSED_AT_A_TIME_MAX, STAND_BY_RETRY_MS_MAX, STAND_BY_RETRY_MS_MIN } from "../limits.ts";
import { type InHand, NO_DOMAIN } from "../loop/in-hand.ts";
import type { Timed, Timers } from "../loop/timers.ts";
import { POLLIN } from "../sys/abi.ts";
import { letGoInTurn } from "../sys/precedence.ts";
import { close, sys } from "../sys/sys.ts";
import { reap } from "../worker/reap.ts";
import { hearGreeting, type PassedDomain, passComplete, passDomain, passEnd } from "./passing.ts";
import { STAND_BY_ARGUMENT } from "./place.ts";
import { type SocketPair, socketPair } from "./socket-pair.ts";

/**
 * Limit on messages that wait for a busy stand-by, bytes. With the kernel's overhead per message
 * that is room for every domain.
 */
const WAITING_BYTES = 4 << 20;

export interface Inheritance {
  readonly socket: string;
  readonly page: number;
  readonly timer: number;
  readonly listening: number;
  readonly lock: number;
}

interface Served {
  numbers(): number[];
  /** null for a domain that has ended meanwhile. */
  toPass(number: number): PassedDomain | null;
}

export const standByDescriptors = {
  control: 3,
  page: 4,
  timer: 5,
  listening: 6,
  lock: 7,
} as const;

/**
 * The active mediator's end of the connection to its stand-by. A stand-by is started with the first
 * domain and replaced when it ends, after growing pauses while none can be started.
 */
export class StandByLink implements Timed {
  readonly #inheritance: Inheritance;
  readonly #epoll: Epoll;
  readonly #timers: Timers;
  readonly #inHand: InHand;
  readonly #served: Served;
  #left: number[] = [];
  #pidfd = -1;
  #control = -1;
  #watched = 0;
  #pause = STAND_BY_RETRY_MS_MIN;
  #isGreeted = false;
  #isLeft = false;
  due = Number.POSITIVE_INFINITY;

  constructor(
    inheritance: Inheritance,
    { epoll, timers, inHand }: { epoll: Epoll; timers: Timers; inHand: InHand },
    served: Served,
  ) {
    this.#inheritance = inheritance;
    this.#epoll = epoll;
    this.#timers = timers;
    this.#inHand = inHand;
    this.#served = served;
  }

  /**
   * Passes a domain on, before its first call is received. With the first domain a stand-by is
   * started, which comes up even if this loop blocks on that call.
   */
  add(domain: PassedDomain): void {
    if (this.#control >= 0) {
      if (!passDomain(this.#control, domain)) this.#drop();
    } else if (!this.#isLeft && this.due === Number.POSITIVE_INFINITY) this.start();
  }

  ended(number: number): void {
    if (this.#control >= 0 && !passEnd(this.#control, number)) this.#drop();
  }

  overdue(): void {
    this.#inHand.run(NO_DOMAIN, () => {
      if (this.#control < 0) this.start();
      else this.#passSome();
    });
  }

  get isReady(): boolean {
    return this.#isGreeted && this.due === Number.POSITIVE_INFINITY;
  }

  leave(): void {
    this.#isLeft = true;
    this.#timers.remove(this);
    this.#close();
  }

  /** A failed start is tried again later. */
  start(): void {
    this.due = Number.POSITIVE_INFINITY;
    reap();
    const ends = socketPairWithRoom();
    const pid = ends === null ? null : start(ends.its, this.#inheritance);
    if (ends === null || pid === null) {
      if (ends !== null) close(ends.own);
      this.#again();
      return;
    }
    // The child has not been reaped, so the process id still names it.
    this.#pidfd = sys("pidfd_open", pid, 0);
    this.#control = ends.own;
    this.#watched = this.#epoll.add(ends.own, POLLIN, {
      ready: () => this.#inHand.run(NO_DOMAIN, () => this.#hear()),
    });
    this.#left = this.#served.numbers();
    this.#passSome();
  }

  /** Passes some domains at a time, so that calls are answered in between. */
  #passSome(): void {
    const now = this.#left.splice(0, PASSED_AT_A_TIME_MAX);
    const domains = now.flatMap((number) => this.#served.toPass(number) ?? []);
    const isDone = this.#left.length === 0;
    const passed =
      domains.every((domain) => passDomain(this.#control, domain)) &&
      (!isDone || passComplete(this.#control));
    this.due = isDone ? Number.POSITIVE_INFINITY : performance.now();
    if (!passed) this.#drop();
    else if (!isDone) this.#timers.add(this);
  }

  #hear(): void {
    const greeted = hearGreeting(this.#control);
    if (greeted === true) {
      this.#isGreeted = true;
      this.#pause = STAND_BY_RETRY_MS_MIN;
    }
    if (greeted === false) this.#drop();
  }

  /** A live one must not take over beside its successor. */
  #drop(): void {
    if (this.#pidfd >= 0) sys("pidfd_send_signal", this.#pidfd, SIGKILL, null, 0);
    this.#close();
    this.#again();
  }

  #again(): void {
    this.due = Number.POSITIVE_INFINITY;
    if (!this.#isLeft) {
      this.due = performance.now() + this.#pause;
      this.#timers.add(this);
    }
    this.#pause = Math.min(2 * this.#pause, STAND_BY_RETRY_MS_MAX);
  }

  #close(): void {
    if (this.#control < 0) return;
    this.#epoll.remove(this.#watched);
    close(this.#control);
    close(this.#pidfd);
    this.#control = this.#pidfd = -1;
    this.#isGreeted = false;
  }
}

/** Returns the stand-by's process id, or null on failure. Closes `its` in any case. */
function start(its: number, { socket, page, timer, listening, lock }: Inheritance): number | null {
  const silence = 0;
  const given = [silence, 1, 2, its, page, timer, listening, lock];
  const args = [process.argv[1] ?? "", STAND_BY_ARGUMENT, socket, String(process.pid)];
  try {
    const pid = spawnProcess(process.execPath, args, [`PATH=${process.env.PATH ?? ""}`], given);
    // Until the stand-by watches, the served domains have precedence.
    letGoInTurn(pid);
    return pid;
  } catch (cause) {
    if (cause instanceof ErrnoError) return null;
    throw cause;
  } finally {
    close(its);
  }
}

function socketPairWithRoom(): SocketPair | null {
  const ends = socketPair();
  if (ends === null) return null;
  const size = Buffer.alloc(4);
  size.writeInt32LE(WAITING_BYTES);
  sys("setsockopt", ends.own, SOL_SOCKET, SO_SNDBUFFORCE, size, size.length);
  return ends;
}
