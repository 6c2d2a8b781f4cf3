import { MFD_CLOEXEC } from "../../kernel/constants.ts";
import { mapShared } from "../../kernel/ffi.ts";
import { NO_DOMAIN } from "../loop/in-hand.ts";
import { c, sys } from "../sys/sys.ts";

/**
 * The memory that an active mediator and its stand-by share (a memfd). One word says what the loop
 * is doing: a count of its steps, and in the lowest bits whether such a step is in hand, and
 * whether its loop was retired in the middle of it. Another says for which domain.
 *
 * The one who takes a step away is decided by compare-and-swap on that word. The loop ends a step
 * by changing `count, in hand` to `count`; the stand-by retires it by changing the same `count, in
 * hand` to `count, in hand, retired`. Only one of the two can succeed, and where the stand-by does,
 * the loop is inside that very step and touches nothing of the others until it has noticed.
 */
export interface WatchPage {
  /** The memfd. */
  readonly fd: number;
  readonly words: Int32Array;
}

const WORD = 0;
const DOMAIN = 1;
/** A stand-by looks by itself: nobody needs to wake it. */
const WATCHED = 2;
const WORDS = 4;
export const PAGE_BYTES = 4 * WORDS;

const IN_HAND = 1;
const RETIRED = 2;
/** One step in the count. */
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

/** The loop's side. */
export class Steps {
  readonly #words: Int32Array;
  readonly #wake: () => void;
  #count = 0;

  /** `wake`: the stand-by sleeps, and is to look in a while. */
  constructor({ words }: WatchPage, wake: () => void) {
    this.#words = words;
    this.#wake = wake;
    this.#count = (words[WORD] ?? 0) & ~(IN_HAND | RETIRED);
  }

  begin(domain: number): void {
    this.#count = (this.#count + STEP) | 0;
    this.#words[DOMAIN] = domain;
    Atomics.store(this.#words, WORD, this.#count | IN_HAND);
    // Either this sees that the stand-by has gone to sleep, or the stand-by sees the step.
    if (Atomics.load(this.#words, WATCHED) !== 0) return;
    Atomics.store(this.#words, WATCHED, 1);
    this.#wake();
  }

  /**
   * The step's domain is served no longer: whoever takes the step away from now on takes all.
   */
  blameNobody(): void {
    this.#words[DOMAIN] = NO_DOMAIN;
  }

  /** In the middle of this step. */
  get isRetired(): boolean {
    return (Atomics.load(this.#words, WORD) & RETIRED) !== 0;
  }

  /** False: the loop has been retired in the middle of the step. */
  end(): boolean {
    const inHand = this.#count | IN_HAND;
    return Atomics.compareExchange(this.#words, WORD, inHand, this.#count) === inHand;
  }
}

/** What a stand-by sees of the loop. */
export interface Seen {
  /** Changes with each step, and when one ends. */
  readonly word: number;
  readonly inHand: boolean;
  readonly domain: number;
}

/** The stand-by's side. */
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
   * Takes everything away from the loop but the domain of the step that was seen; false where that
   * has ended meanwhile.
   */
  retire({ word }: Seen): boolean {
    return Atomics.compareExchange(this.#words, WORD, word, word | RETIRED) === word;
  }

  /** From now on the loop's next step wakes this process; false where one has begun meanwhile. */
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
