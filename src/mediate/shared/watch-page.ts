import { MFD_CLOEXEC } from "../../kernel/constants.ts";
import { mapShared } from "../../kernel/ffi.ts";
import { c, sys } from "../sys/sys.ts";

/**
 * Memory that an active mediator shares with its stand-by (a memfd). One word says what the loop is
 * doing: a count of its steps and, in the lowest bits, whether a step is in hand and whether the
 * loop was retired during it. Another word names the step's domain.
 *
 * A compare-and-swap on the first word decides between the two processes. The loop ends a step by
 * changing `count, in hand` to `count`. The stand-by retires the loop by changing the same `count,
 * in hand` to `count, in hand, retired`. Only one of them can succeed. If it is the stand-by, the
 * loop is inside that very step, and touches no other domain before it has noticed.
 */
export interface WatchPage {
  readonly fd: number;
  readonly words: Int32Array;
}

const WORD = 0;
const DOMAIN = 1;
/** The stand-by looks by itself and need not be woken. */
const WATCHED = 2;
const WORDS = 4;
export const PAGE_BYTES = 4 * WORDS;

const IN_HAND = 1;
const RETIRED = 2;
const STEP = 4;

export function makeWatchPage(): WatchPage {
  const fd = sys("memfd_create", c("cofferdam-watch"), MFD_CLOEXEC);
  if (fd < 0 || sys("ftruncate", fd, PAGE_BYTES) < 0)
    throw new Error(`no memory for the watch: error ${-fd}`);
  const page = openWatchPage(fd);
  page.words[WATCHED] = 1;
  return page;
}

export function openWatchPage(fd: number): WatchPage {
  const { bytes } = mapShared(fd, PAGE_BYTES);
  return { fd, words: new Int32Array(bytes.buffer, bytes.byteOffset, WORDS) };
}

export class Steps {
  readonly #words: Int32Array;
  readonly #wake: () => void;
  #count = 0;

  /** `wake`: wakes a stand-by that sleeps. */
  constructor({ words }: WatchPage, wake: () => void) {
    this.#words = words;
    this.#wake = wake;
    this.#count = (words[WORD] ?? 0) & ~(IN_HAND | RETIRED);
  }

  begin(domain: number): void {
    this.#count = (this.#count + STEP) | 0;
    this.#words[DOMAIN] = domain;
    Atomics.store(this.#words, WORD, this.#count | IN_HAND);
    // Seen in either order: if this load misses that the stand-by sleeps, the stand-by sees the
    // step.
    if (Atomics.load(this.#words, WATCHED) !== 0) return;
    Atomics.store(this.#words, WATCHED, 1);
    this.#wake();
  }

  get isRetired(): boolean {
    return (Atomics.load(this.#words, WORD) & RETIRED) !== 0;
  }

  /** Returns false if the loop has been retired during the step. */
  end(): boolean {
    const inHand = this.#count | IN_HAND;
    return Atomics.compareExchange(this.#words, WORD, inHand, this.#count) === inHand;
  }
}

export interface Seen {
  /** Changes when a step begins and when it ends. */
  readonly word: number;
  readonly inHand: boolean;
  readonly domain: number;
}

export class Observer {
  readonly #words: Int32Array;

  constructor({ words }: WatchPage) {
    this.#words = words;
  }

  look(): Seen {
    for (;;) {
      const word = Atomics.load(this.#words, WORD);
      const domain = Atomics.load(this.#words, DOMAIN);
      if (Atomics.load(this.#words, WORD) === word)
        return { word, inHand: (word & IN_HAND) !== 0, domain };
    }
  }

  /**
   * Takes every domain but the step's from the loop. Returns false if the step has ended meanwhile.
   */
  retire({ word }: Seen): boolean {
    return Atomics.compareExchange(this.#words, WORD, word, word | RETIRED) === word;
  }

  /** Has the loop's next step wake this process. Returns false if a step has begun meanwhile. */
  sleep(seen: Seen): boolean {
    Atomics.store(this.#words, WATCHED, 0);
    if (Atomics.load(this.#words, WORD) === seen.word) return true;
    this.watch();
    return false;
  }

  watch(): void {
    Atomics.store(this.#words, WATCHED, 1);
  }
}
