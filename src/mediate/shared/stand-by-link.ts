import {
  AF_UNIX,
  SO_SNDBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_SEQPACKET,
  SOL_SOCKET,
} from "../../kernel/constants.ts";
import type { Epoll } from "../../kernel/epoll.ts";
import { ErrnoError } from "../../kernel/errno-error.ts";
import { spawnProcess } from "../../kernel/spawn.ts";
import { STAND_BY_RETRY_MS_MAX, STAND_BY_RETRY_MS_MIN, TICK_MS } from "../limits.ts";
import { type InHand, NO_DOMAIN } from "../loop/in-hand.ts";
import type { Timed, Timers } from "../loop/timers.ts";
import { POLLIN } from "../sys/abi.ts";
import { close, sys } from "../sys/sys.ts";
import { reap } from "../worker/reap.ts";
import { hearGreeting, type PassedDomain, passDomain, passEnd } from "./passing.ts";
import { STAND_BY_ARGUMENT } from "./place.ts";

/**
 * Bytes of messages that may wait for a stand-by which is busy: with what the kernel counts for each
 * that is room for every domain.
 */
const WAITING_BYTES = 4 << 20;

/** What a stand-by gets at its birth, beside the standard descriptors. */
export interface Inheritance {
  readonly socket: string;
  readonly page: number;
  readonly timer: number;
  readonly listening: number;
  readonly lock: number;
}

/** Where it finds them. */
export const standByDescriptors = {
  control: 3,
  page: 4,
  timer: 5,
  listening: 6,
  lock: 7,
} as const;

/**
 * The active mediator's end of the connection to its stand-by. There is one as soon as a domain is
 * served; one that ends is replaced, after pauses that grow while none can be had.
 */
export class StandByLink implements Timed {
  readonly #inheritance: Inheritance;
  readonly #epoll: Epoll;
  readonly #timers: Timers;
  readonly #inHand: InHand;
  readonly #served: () => Iterable<PassedDomain>;
  #control = -1;
  #watched = 0;
  #pause = STAND_BY_RETRY_MS_MIN;
  #isLeft = false;
  due = Number.POSITIVE_INFINITY;

  /** `served`: what is to be passed on to a new stand-by. */
  constructor(
    inheritance: Inheritance,
    { epoll, timers, inHand }: { epoll: Epoll; timers: Timers; inHand: InHand },
    served: () => Iterable<PassedDomain>,
  ) {
    this.#inheritance = inheritance;
    this.#epoll = epoll;
    this.#timers = timers;
    this.#inHand = inHand;
    this.#served = served;
  }

  /** Before the domain's first call is received. */
  add(domain: PassedDomain): void {
    if (this.#control < 0) this.#startIn(TICK_MS);
    else if (!passDomain(this.#control, domain)) this.#drop();
  }

  ended(number: number): void {
    if (this.#control >= 0 && !passEnd(this.#control, number)) this.#drop();
  }

  overdue(): void {
    this.#inHand.run(NO_DOMAIN, () => this.#start());
  }

  /** This mediator is active no longer. */
  leave(): void {
    this.#isLeft = true;
    this.#timers.remove(this);
    this.#close();
  }

  #startIn(milliseconds: number): void {
    if (this.#isLeft || this.due !== Number.POSITIVE_INFINITY) return;
    this.due = performance.now() + milliseconds;
    this.#timers.add(this);
  }

  #start(): void {
    this.due = Number.POSITIVE_INFINITY;
    reap();
    const ends = socketPair();
    if (ends === null || !start(ends.its, this.#inheritance)) {
      if (ends !== null) close(ends.own);
      this.#again();
      return;
    }
    this.#control = ends.own;
    this.#watched = this.#epoll.add(ends.own, POLLIN, {
      ready: () => this.#inHand.run(NO_DOMAIN, () => this.#hear()),
    });
    if (![...this.#served()].every((domain) => passDomain(ends.own, domain))) this.#drop();
  }

  #hear(): void {
    const greeted = hearGreeting(this.#control);
    if (greeted === true) this.#pause = STAND_BY_RETRY_MS_MIN;
    if (greeted === false) this.#drop();
  }

  /** A stand-by that is alive sees the end of its connection, and ends. */
  #drop(): void {
    this.#close();
    this.#again();
  }

  #again(): void {
    this.#startIn(this.#pause);
    this.#pause = Math.min(2 * this.#pause, STAND_BY_RETRY_MS_MAX);
  }

  #close(): void {
    if (this.#control < 0) return;
    this.#epoll.remove(this.#watched);
    close(this.#control);
    this.#control = -1;
  }
}

/** `its` is closed in any case. */
function start(its: number, { socket, page, timer, listening, lock }: Inheritance): boolean {
  const silence = 0;
  const given = [silence, 1, 2, its, page, timer, listening, lock];
  const args = [process.argv[1] ?? "", STAND_BY_ARGUMENT, socket, String(process.pid)];
  try {
    spawnProcess(process.execPath, args, [`PATH=${process.env.PATH ?? ""}`], given);
    return true;
  } catch (cause) {
    if (cause instanceof ErrnoError) return false;
    throw cause;
  } finally {
    close(its);
  }
}

function socketPair(): { readonly own: number; readonly its: number } | null {
  const ends = Buffer.alloc(8);
  const type = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;
  if (sys("socketpair", AF_UNIX, type, 0, ends) < 0) return null;
  const own = ends.readInt32LE(0);
  const size = Buffer.alloc(4);
  size.writeInt32LE(WAITING_BYTES);
  sys("setsockopt", own, SOL_SOCKET, SO_SNDBUFFORCE, size, size.length);
  return { own, its: ends.readInt32LE(4) };
}
