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

/** The exit status of the launcher when it refuses a start (native/launcher.h). */
export const NOT_STARTED = 125;
/** Added to a signal's number, as shells do for a program that died of it. */
const SIGNALLED = 128;

/** What runs for a request; the client's further words go to it. */
export interface Work {
  started(pid: number): void;
  signal(number: number): void;
  hangUp(): void;
  /** The program has exited, or did not start. Must answer the client. Called once. */
  over(status: number): void;
}

export interface ConnectionEvents {
  /** Never rejects. */
  request(request: Request, connection: Connection): Promise<void>;
  /** The client has left or was answered, and nothing runs for it. */
  closed(connection: Connection): void;
  gone(connection: Connection): void;
  /** Handling the client's words failed; the client is let go. */
  failed(error: unknown): void;
}

/**
 * One client. It must send its request within {@link REQUEST_MS_MAX}, may then send signals, and is
 * answered once. The client's descriptors are in its attendant.
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
  /** Signals that came before the work began. */
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

  get isWaiting(): boolean {
    return this.#work === null;
  }

  get isStuck(): boolean {
    return this.#attendant.isStuck;
  }

  get isClosed(): boolean {
    return this.#isAnswered || this.#isHungUp;
  }

  get terminals(): readonly number[] {
    return this.#terminals;
  }

  pathOf(descriptor: number): string {
    return this.#attendant.pathOf(descriptor);
  }

  /**
   * Starts a program with the client's descriptors. From now on `work` gets the client's signals,
   * and is told when the client leaves.
   */
  begin(start: Start, work: Work): void {
    this.#attendant.order(encodeStart(start));
    this.#work = work;
    for (const number of this.#early) work.signal(number);
  }

  /** Sends a signal to the process group of the program. */
  kill(number: number): void {
    this.#attendant.send("k", Buffer.from([number]));
  }

  /**
   * Ends the connection: the client writes `words` to its standard error and exits with `status`.
   */
  answer(status: number, words: string): void {
    if (this.#isAnswered) return;
    this.#attendant.send("a", encodeAnswer(status, words));
    this.#letGo();
  }

  /** `why`: one sentence. */
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
   * Passes each number on once, as the kernel merges pending signals of one number. Otherwise a
   * client could keep the server busy with signals.
   */
  #hearSignals(bytes: Buffer): void {
    for (const number of new Set(bytes)) {
      if (this.#work === null) this.#early.add(number);
      else this.#work.signal(number);
    }
  }
}
