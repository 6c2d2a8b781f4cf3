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

/** Lines that wait while nobody reads. */
const PIPE_WAITING_MAX = 1_024;
/**
 * What is counted at the end of a run is written at once, and its reader may be slow: the pipe
 * takes as many lines as wait. An ordinary user's most, pipe(7).
 */
const PIPE_BYTES = 1 << 20;
/** Bytes of one of the pieces that a pipe consists of; x86_64's page. */
const PAGE_BYTES = 4_096;
/**
 * Pages that events leave free, for the last word of a mediator and of its worker, which may write
 * at the same time.
 */
const PAGES_KEPT_MAX = 4;

interface Line {
  readonly bytes: Buffer;
  readonly count: number;
}

/**
 * The pipe of `run --events`, one JSON line an event. A reader that stands still keeps nobody
 * waiting: what does not fit is counted, and said when it does, at the latest in the last line, for
 * which there is always room.
 */
export class EventPipe implements EventOutput {
  readonly #fd: number;
  readonly #pages: number;
  #waiting: Line[] = [];
  #lost = 0;

  /**
   * Takes the descriptor over. Its end is nobody's but the holder's and the mediator's, so that
   * O_NONBLOCK is seen by no one else.
   */
  constructor(fd: number) {
    this.#fd = fd;
    sys("fcntl", fd, F_SETFL, sys("fcntl", fd, F_GETFL, 0) | O_NONBLOCK);
    // Where the kernel does not give that much it stays as it was.
    sys("fcntl", fd, F_SETPIPE_SZ, PIPE_BYTES);
    this.#pages = Math.floor(sys("fcntl", fd, F_GETPIPE_SZ) / PAGE_BYTES);
  }

  append(event: Event, passedOn: () => void = () => undefined): void {
    if (this.#waiting.length >= PIPE_WAITING_MAX) this.#lost += event.count;
    else this.#waiting.push(lineOf(event));
    this.flush();
    passedOn();
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
   * There is room for the line and for a last word behind it. Two pages that follow each other hold
   * more than one page's bytes, or the second would have gone into the first.
   */
  #takes({ length }: Buffer): boolean {
    const bytes = Buffer.alloc(4);
    sys("ioctl", this.#fd, FIONREAD, bytes);
    const unread = bytes.readInt32LE(0);
    const used = unread === 0 ? 0 : Math.floor((2 * unread) / PAGE_BYTES) + 2;
    const kept = Math.min(PAGES_KEPT_MAX, Math.floor(this.#pages / 2));
    return used + Math.ceil(length / PAGE_BYTES) + kept <= this.#pages;
  }

  /** The whole line or nothing; false for nothing. */
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
