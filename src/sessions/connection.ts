import { MSG_DONTWAIT, MSG_NOSIGNAL, POLLIN } from "../kernel/constants.ts";
import type { Epoll } from "../kernel/epoll.ts";
import { close, syscallRaw } from "../kernel/ffi.ts";
import type { SocketPeer } from "../kernel/peer.ts";
import { receive } from "../kernel/receive.ts";
import { number as syscallNumber } from "../kernel/syscalls.ts";
import { READ_BYTES, REQUEST_BYTES_MAX, REQUEST_MS_MAX } from "./limits.ts";
import { DESCRIPTORS, encodeAnswer, HEADER_BYTES, lengthOf, parseRequest, type Request, WireError } from "./wire.ts";

/** As the launcher ends when a start is refused (native/launcher.h). */
export const NOT_STARTED = 125;
const SENDTO = syscallNumber("sendto") ?? 0;

/** What a request makes happen: the client's further words reach it. */
export interface Work {
  /** A signal that the client got; its number comes from the client. */
  signal(number: number): void;
  /** The client is gone. */
  hangUp(): void;
}

export interface ConnectionEvents {
  /** The descriptors are the connection's, and closed when this is over. It does not reject. */
  request(request: Request, descriptors: readonly number[], connection: Connection): Promise<void>;
  closed(connection: Connection): void;
  /** What the client said could not be done; it is closed. */
  failed(error: unknown): void;
}

/** One client: hears its request, within {@link REQUEST_MS_MAX}, then its signals, and answers once. */
export class Connection {
  readonly peer: SocketPeer;
  readonly #socket: number;
  readonly epoll: Epoll;
  readonly #watched: number;
  readonly #events: ConnectionEvents;
  readonly #timer: NodeJS.Timeout;
  #heard = Buffer.alloc(0);
  #descriptors: number[] = [];
  #isHeard = false;
  /** What came before there was work, each number once. */
  readonly #early = new Set<number>();
  #work: Work | null = null;
  #isClosed = false;

  constructor(socket: number, peer: SocketPeer, epoll: Epoll, events: ConnectionEvents) {
    this.peer = peer;
    this.#socket = socket;
    this.epoll = epoll;
    this.#events = events;
    this.#timer = setTimeout(() => this.refuse("no request came in time"), REQUEST_MS_MAX);
    this.#watched = epoll.add(socket, POLLIN, { ready: () => this.#guarded() });
  }

  /** Nothing was begun for it yet. */
  get isWaiting(): boolean {
    return this.#work === null;
  }

  /** The client is gone, or has its answer. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** From now on the client's signals, and its end, are this work's. */
  begin(work: Work): void {
    this.#work = work;
    for (const number of this.#early) work.signal(number);
  }

  /** The last word: an exit status and what the client writes to its standard error. */
  answer(status: number, words: string): void {
    if (this.#isClosed) return;
    const bytes = encodeAnswer(status, words);
    // A client that does not read has a buffer, which holds this.
    syscallRaw(SENDTO, this.#socket, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, null, 0);
    this.close();
  }

  /** Nothing was started; `why` is one sentence. */
  refuse(why: string): void {
    this.answer(NOT_STARTED, `cofferdam: ${why}\n`);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#dropDescriptors();
    this.epoll.remove(this.#watched);
    close(this.#socket);
    this.peer.close();
    this.#events.closed(this);
  }

  /** An error that left the loop would end every session of the host. */
  #guarded(): void {
    try {
      this.#ready();
    } catch (error) {
      this.#events.failed(error);
      this.close();
    }
  }

  #ready(): void {
    const received = receive(this.#socket, READ_BYTES, DESCRIPTORS);
    if (received.kind === "nothing") return;
    if (received.kind === "error" || (received.bytes.length === 0 && received.descriptors.length === 0)) {
      this.#work?.hangUp();
      this.close();
      return;
    }
    if (this.#isHeard) {
      for (const fd of received.descriptors) close(fd);
      this.#hearSignals(received.bytes);
      return;
    }
    this.#descriptors.push(...received.descriptors);
    if (received.strange || this.#descriptors.length > DESCRIPTORS) this.refuse("too many descriptors");
    else this.#hear(received.bytes);
  }

  #hear(bytes: Buffer): void {
    this.#heard = Buffer.concat([this.#heard, bytes]);
    try {
      const length = lengthOf(this.#heard, REQUEST_BYTES_MAX);
      if (length === null || this.#heard.length < HEADER_BYTES + length) return;
      const request = parseRequest(this.#heard.subarray(HEADER_BYTES, HEADER_BYTES + length));
      if (this.#descriptors.length !== DESCRIPTORS)
        throw new WireError(`a request comes with ${DESCRIPTORS} descriptors`);
      const rest = this.#heard.subarray(HEADER_BYTES + length);
      this.#heard = Buffer.alloc(0);
      this.#isHeard = true;
      clearTimeout(this.#timer);
      this.#serve(request);
      this.#hearSignals(rest);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.refuse(error.message);
    }
  }

  async #serve(request: Request): Promise<void> {
    await this.#events.request(request, this.#descriptors, this);
    this.#dropDescriptors();
  }

  /** Each number once: many at a time would take others their turn, and the kernel, too, keeps one of a kind. */
  #hearSignals(bytes: Buffer): void {
    for (const number of new Set(bytes)) {
      if (this.#work === null) this.#early.add(number);
      else this.#work.signal(number);
    }
  }

  #dropDescriptors(): void {
    for (const fd of this.#descriptors) close(fd);
    this.#descriptors = [];
  }
}
