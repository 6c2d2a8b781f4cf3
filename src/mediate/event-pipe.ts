import type { Event } from "../events/event.ts";
import { ownEvent } from "../events/log/own-event.ts";
import { F_GETFL, F_SETFL, F_SETPIPE_SZ, O_NONBLOCK } from "../kernel/constants.ts";
import { E } from "./abi.ts";
import type { EventOutput } from "./event-output.ts";
import { close, sys } from "./sys.ts";

/** Lines that wait while nobody reads. */
const PIPE_WAITING_MAX = 1_024;
/** What is counted at the end of a run is written at once, and its reader may be slow: the pipe takes as many lines as wait. An ordinary user's most, pipe(7). */
const PIPE_BYTES = 1 << 20;

/** The pipe of `run --events`, one JSON line an event. A reader that stands still keeps nobody waiting: what does not fit is counted, and said when it does. */
export class EventPipe implements EventOutput {
  readonly #fd: number;
  /** The first may have been written in part. */
  #waiting: Buffer[] = [];
  #lost = 0;

  /** Takes the descriptor over. Its end is nobody's but the holder's and the mediator's, so that O_NONBLOCK is seen by no one else. */
  constructor(fd: number) {
    this.#fd = fd;
    sys("fcntl", fd, F_SETFL, sys("fcntl", fd, F_GETFL, 0) | O_NONBLOCK);
    // Where the kernel does not give that much it stays as it was.
    sys("fcntl", fd, F_SETPIPE_SZ, PIPE_BYTES);
  }

  append(event: Event): void {
    if (this.#waiting.length >= PIPE_WAITING_MAX) this.#lost += event.count;
    else this.#waiting.push(lineOf(event));
    this.flush();
  }

  flush(): boolean {
    while (this.#waiting.length > 0) if (!this.#write()) return true;
    if (this.#lost === 0) return false;
    this.#waiting.push(lineOf(ownEvent("lost", `${this.#lost} events that could not be written`, this.#lost)));
    this.#lost = 0;
    return this.flush();
  }

  close(): void {
    this.flush();
    close(this.#fd);
  }

  /** false when nothing more can be written now. */
  #write(): boolean {
    const [first] = this.#waiting;
    if (first === undefined) return false;
    const written = sys("write", this.#fd, first, first.length);
    if (written === -E.INTR) return true;
    if (written < 0) return false;
    if (written === first.length) this.#waiting.shift();
    else this.#waiting[0] = first.subarray(written);
    return true;
  }
}

function lineOf(event: Event): Buffer {
  return Buffer.from(`${JSON.stringify(event)}\n`);
}
