import { constants } from "node:os";
import type { Epoll } from "../kernel/epoll.ts";
import type { SocketPeer } from "../kernel/peer.ts";
import type { Attendant, Attended, News } from "./attendant.ts";
import { REQUEST_BYTES_MAX, REQUEST_MS_MAX } from "./limits.ts";
import { encodeStart, type Start } from "./start.ts";
import {
  DESCRIPTORS,
  encodeAnswer,
  HEADER_BYTES,
  lengthOf,
  parseRequest,
  type Request,
  WireError,
} from "./wire.ts";

/** As the launcher ends when a start is refused (native/launcher.h). */
export const NOT_STARTED = 125;
/** As a shell tells that a program died of a signal. */
const SIGNALLED = 128;

/** What a request makes happen: the client's further words reach it. */
export interface Work {
  /** The program runs. */
  started(pid: number): void;
  /** A signal that the client got; its number comes from the client. */
  signal(number: number): void;
  /** The client is gone. */
  hangUp(): void;
  /** It has ended, or did not start: answers the client. Once. */
  over(status: number): void;
}

export interface ConnectionEvents {
  /** It does not reject. */
  request(request: Request, connection: Connection): Promise<void>;
  /** The client is gone, or has its answer, and nothing runs for it. */
  closed(connection: Connection): void;
  /** Its attendant has ended, too. */
  gone(connection: Connection): void;
  /** What the client said could not be done; it is let go. */
  failed(error: unknown): void;
}

/**
 * One client: hears its request, within {@link REQUEST_MS_MAX}, then its signals, and answers once.
 * The client's descriptors are its attendant's.
 */
export class Connection implements Attended {
  readonly peer: SocketPeer;
  readonly epoll: Epoll;
  readonly #attendant: Attendant;
  readonly #events: ConnectionEvents;
  readonly #timer: NodeJS.Timeout;
  #heard = Buffer.alloc(0);
  #terminals: readonly number[] = [];
  #isHeard = false;
  /** What came before there was work, each number once. */
  readonly #early = new Set<number>();
  #work: Work | null = null;
  #isAnswered = false;
  #isHungUp = false;

  constructor(attendant: Attendant, peer: SocketPeer, epoll: Epoll, events: ConnectionEvents) {
    this.peer = peer;
    this.epoll = epoll;
    this.#attendant = attendant;
    this.#events = events;
    this.#timer = setTimeout(
      () => this.guard(() => this.refuse("no request came in time")),
      REQUEST_MS_MAX,
    );
    attendant.owner = this;
    attendant.send("g");
  }

  /** Nothing runs for this connection. */
  get isWaiting(): boolean {
    return this.#work === null;
  }

  get isStuck(): boolean {
    return this.#attendant.isStuck;
  }

  /** The client is gone, or has its answer. */
  get isClosed(): boolean {
    return this.#isAnswered || this.#isHungUp;
  }

  /** Device numbers of the client's descriptors that are terminals, 0 for the others. */
  get terminals(): readonly number[] {
    return this.#terminals;
  }

  /** @see Attendant.pathOf */
  pathOf(descriptor: number): string {
    return this.#attendant.pathOf(descriptor);
  }

  /**
   * Starts a program with the client's descriptors. From now on the client's signals, and its end,
   * are this work's.
   */
  begin(start: Start, work: Work): void {
    this.#attendant.order(encodeStart(start));
    this.#work = work;
    for (const number of this.#early) work.signal(number);
  }

  /** To what was started, and its group. */
  kill(number: number): void {
    this.#attendant.send("k", Buffer.from([number]));
  }

  /** The last word: an exit status and what the client writes to its standard error. */
  answer(status: number, words: string): void {
    if (this.#isAnswered) return;
    this.#attendant.send("a", encodeAnswer(status, words));
    this.#letGo();
  }

  /** Nothing was started; `why` is one sentence. */
  refuse(why: string): void {
    this.answer(NOT_STARTED, `cofferdam: ${why}\n`);
  }

  guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#events.failed(error);
      this.kill(constants.signals.SIGHUP);
      this.#letGo();
    }
  }

  heard(news: News): void {
    switch (news.kind) {
      case "descriptors":
        this.#terminals = news.terminals;
        if (news.count !== DESCRIPTORS)
          this.refuse(`a request comes with ${DESCRIPTORS} descriptors`);
        break;
      case "bytes":
        if (this.#isHeard) this.#hearSignals(news.bytes);
        else this.#hear(news.bytes);
        break;
      case "hung up":
        this.#isHungUp = true;
        if (this.#work === null) this.#letGo();
        else this.#work.hangUp();
        break;
      case "started":
        this.#work?.started(news.pid);
        break;
      case "ended":
        this.#over(news.status);
    }
  }

  gone(): void {
    try {
      this.#over(SIGNALLED + constants.signals.SIGKILL);
    } finally {
      this.#letGo();
      this.#events.gone(this);
    }
  }

  #over(status: number): void {
    const work = this.#work;
    this.#work = null;
    work?.over(status);
  }

  #letGo(): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    clearTimeout(this.#timer);
    this.#attendant.dismiss();
    this.peer.close();
    this.#events.closed(this);
  }

  #hear(bytes: Buffer): void {
    this.#heard = Buffer.concat([this.#heard, bytes]);
    try {
      const length = lengthOf(this.#heard, REQUEST_BYTES_MAX);
      if (length === null || this.#heard.length < HEADER_BYTES + length) return;
      const request = parseRequest(this.#heard.subarray(HEADER_BYTES, HEADER_BYTES + length));
      const rest = this.#heard.subarray(HEADER_BYTES + length);
      this.#heard = Buffer.alloc(0);
      this.#isHeard = true;
      clearTimeout(this.#timer);
      void this.#events.request(request, this);
      this.#hearSignals(rest);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.refuse(error.message);
    }
  }

  /**
   * Each number once: many at a time would take others their turn, and the kernel, too, keeps one
   * of a kind.
   */
  #hearSignals(bytes: Buffer): void {
    for (const number of new Set(bytes)) {
      if (this.#work === null) this.#early.add(number);
      else this.#work.signal(number);
    }
  }
}
