import type { Event } from "../../events/event.ts";
import { ownEvent } from "../../events/log/own-event.ts";
import {
  F_GETFL,
  F_GETPIPE_SZ,
  F_SETFL,
  F_SETPIPE_SZ,
  FIONREAD,
  O_NONBLOCK,
} from "../../kernel/constants.ts";
import { E } from "../sys/abi.ts";
import { close, sys } from "../sys/sys.ts";
import type { EventOutput } from "./event-output.ts";

/** Lines that wait while the pipe is full. */
const PIPE_WAITING_MAX = 1_024;
/**
 * Size of the pipe, bytes. At the end of a run all counted events are written at once, and the
 * reader may be slow. This is the largest size for an ordinary user (pipe(7)).
 */
const PIPE_BYTES = 1 << 20;
/** A page on x86_64. */
const PAGE_BYTES = 4_096;
/**
 * Pages that are kept free for the last lines of the mediator and its worker, which may write at
 * the same time.
 */
const PAGES_KEPT_MAX = 4;

interface Line {
  readonly bytes: Buffer;
  readonly count: number;
}

/**
 * The pipe of `run --events`, one JSON line per event. A slow reader never blocks the mediator.
 * Events that do not fit are counted, and the count is written when there is room, at the latest in
 * the last line, for which room is kept.
 */
export class EventPipe implements EventOutput {
  readonly #fd: number;
  readonly #pages: number;
  #waiting: Line[] = [];
  #lost = 0;

  /**
   * Only the holder and the mediator share the descriptor, so O_NONBLOCK affects no other process.
   */
  constructor(fd: number) {
    this.#fd = fd;
    sys("fcntl", fd, F_SETFL, sys("fcntl", fd, F_GETFL, 0) | O_NONBLOCK);
    sys("fcntl", fd, F_SETPIPE_SZ, PIPE_BYTES);
    this.#pages = Math.floor(sys("fcntl", fd, F_GETPIPE_SZ) / PAGE_BYTES);
  }

  append(event: Event): void {
    if (this.#waiting.length >= PIPE_WAITING_MAX) this.#lost += event.count;
    else this.#waiting.push(lineOf(event));
    this.flush();
  }

  flush(): boolean {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined) break;
      if (!this.#takes(first.bytes)) return true;
      if (!this.#write(first.bytes)) return true;
      this.#waiting.shift();
    }
    if (this.#lost > 0 && this.#write(lostLine(this.#lost))) this.#lost = 0;
    return this.#lost > 0;
  }

  close(): void {
    this.flush();
    const lost = this.#waiting.reduce((sum, { count }) => sum + count, this.#lost);
    if (lost > 0) this.#write(lostLine(lost));
    close(this.#fd);
  }

  abandon(): void {
    this.close();
  }

  /**
   * Whether there is room for the line and for the last ones. Two successive pages always hold more
   * than one page's bytes, or the second would have been added to the first.
   */
  #takes({ length }: Buffer): boolean {
    const bytes = Buffer.alloc(4);
    sys("ioctl", this.#fd, FIONREAD, bytes);
    const unread = bytes.readInt32LE(0);
    const used = unread === 0 ? 0 : Math.floor((2 * unread) / PAGE_BYTES) + 2;
    const kept = Math.min(PAGES_KEPT_MAX, Math.floor(this.#pages / 2));
    return used + Math.ceil(length / PAGE_BYTES) + kept <= this.#pages;
  }

  /** Writes the whole line or nothing; returns false for nothing. */
  #write(line: Buffer): boolean {
    for (;;) {
      const written = sys("write", this.#fd, line, line.length);
      if (written !== -E.INTR) return written === line.length;
    }
  }
}

function lineOf(event: Event): Line {
  return { bytes: Buffer.from(`${JSON.stringify(event)}\n`), count: event.count };
}

function lostLine(count: number): Buffer {
  return lineOf(ownEvent("lost", `${count} events that could not be written`, count)).bytes;
}
