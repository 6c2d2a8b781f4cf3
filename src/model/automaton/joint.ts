import { AUTOMATON_CELLS_MAX, AUTOMATON_STATES_MAX } from "../limits.ts";
import { nameOfBytes } from "../name-bytes.ts";
import { SLASH } from "../pattern/byte-set.ts";
import type { Table } from "./table.ts";
import { AutomatonTooLarge } from "./too-large.ts";

/** What reads names one byte at a time. A state below 0 is none: no name goes on there. */
export type Reader = Pick<Table, "classOf" | "classCount" | "start" | "stateCount"> & {
  readonly next: ArrayLike<number>;
};

/**
 * Several readers of the same name at once. Each state stands for one state of each reader, in
 * order of the shortest name that leads there. It is a reader itself.
 */
export class Joint implements Reader {
  readonly classOf: Uint8Array;
  readonly classCount: number;
  readonly start = 0;
  /** stateCount * classCount entries. */
  readonly next: number[] = [];
  readonly #readers: readonly Reader[];
  /** One byte of each class, a readable one if there is one. */
  readonly #bytes: readonly number[];
  readonly #states: (readonly number[])[] = [];
  /** The state and the byte from which each state was first reached. */
  readonly #from: number[] = [];
  readonly #by: number[] = [];
  readonly #known = new Map<string, number>();

  /**
   * `goesOn`: whether names through these states are of interest.
   * @throws AutomatonTooLarge
   */
  constructor(readers: readonly Reader[], goesOn: (states: readonly number[]) => boolean) {
    this.#readers = readers;
    const { classOf, bytes } = jointClasses(readers);
    this.classOf = classOf;
    this.#bytes = bytes;
    this.classCount = bytes.length;
    this.#enter(
      readers.map(({ start }) => start),
      -1,
      -1,
    );
    for (let state = 0; state < this.#states.length; state++) this.#fill(state, goesOn);
  }

  get stateCount(): number {
    return this.#states.length;
  }

  /** The states of the readers. */
  states(state: number): readonly number[] {
    return this.#states[state] as readonly number[];
  }

  /** A shortest name that leads to the state. */
  name(state: number): string {
    const bytes: number[] = [];
    for (let at = state; (this.#from[at] as number) >= 0; at = this.#from[at] as number)
      bytes.push(this.#by[at] as number);
    return nameOfBytes(Uint8Array.from(bytes.reverse()));
  }

  #fill(state: number, goesOn: (states: readonly number[]) => boolean): void {
    const from = this.states(state);
    for (const byte of this.#bytes) {
      const to = this.#readers.map(
        ({ classOf, classCount, next }, at) =>
          next[(from[at] as number) * classCount + (classOf[byte] as number)] as number,
      );
      const leads = to.every((one) => one >= 0) && goesOn(to);
      this.next.push(leads ? this.#enter(to, state, byte) : -1);
    }
    if (this.next.length > AUTOMATON_CELLS_MAX)
      throw new AutomatonTooLarge("cells", AUTOMATON_CELLS_MAX);
  }

  #enter(states: readonly number[], from: number, by: number): number {
    const key = states.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#states.length >= AUTOMATON_STATES_MAX)
      throw new AutomatonTooLarge("states", AUTOMATON_STATES_MAX);
    this.#known.set(key, this.#states.length);
    this.#from.push(from);
    this.#by.push(by);
    return this.#states.push(states) - 1;
  }
}

/** Bytes that no reader tells apart are of one class. */
function jointClasses(readers: readonly Reader[]): {
  readonly classOf: Uint8Array;
  readonly bytes: readonly number[];
} {
  const classOf = new Uint8Array(256);
  const numbers = new Map<string, number>();
  const bytes: number[] = [];
  for (const byte of readableFirst) {
    const key = readers.map((reader) => reader.classOf[byte]).join();
    const known = numbers.get(key);
    classOf[byte] = known ?? bytes.length;
    if (known !== undefined) continue;
    numbers.set(key, bytes.length);
    bytes.push(byte);
  }
  return { classOf, bytes };
}

const readableFirst: readonly number[] = [
  ...new Set([
    ...new TextEncoder().encode("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_"),
    ...Array.from({ length: 0x7f - 0x21 }, (_, at) => 0x21 + at),
    ...Array.from({ length: 256 }, (_, at) => at),
  ]),
];

const DOT = 0x2e;
const AT = 0x40;

/** States of {@link canonicalNames}. */
const Shape = { nothing: 0, abstract: 1, root: 2, begin: 3, dot: 4, dots: 5, inside: 6 } as const;
const shapeCount = Object.keys(Shape).length;

/** Classes of bytes: NUL, `/`, `.`, `@` and all others. */
const shapeClasses = [0, SLASH, DOT, AT] as const;
const classCount = shapeClasses.length + 1;

/** Reads canonical names and goes on for no other; see `isCanonicalName`. */
export const canonicalNames: Reader = {
  classOf: Uint8Array.from({ length: 256 }, (_, byte) => {
    const at = (shapeClasses as readonly number[]).indexOf(byte);
    return at < 0 ? shapeClasses.length : at;
  }),
  classCount,
  start: Shape.nothing,
  stateCount: shapeCount,
  next: [
    // After:       NUL  /            .            @               another byte
    /* nothing  */ ...[-1, Shape.root, -1, Shape.abstract, -1],
    /* abstract */ ...Array.from({ length: classCount }, () => Shape.abstract),
    /* root     */ ...[-1, -1, Shape.dot, Shape.inside, Shape.inside],
    /* begin    */ ...[-1, -1, Shape.dot, Shape.inside, Shape.inside],
    /* dot      */ ...[-1, -1, Shape.dots, Shape.inside, Shape.inside],
    /* dots     */ ...[-1, -1, Shape.inside, Shape.inside, Shape.inside],
    /* inside   */ ...[-1, Shape.begin, Shape.inside, Shape.inside, Shape.inside],
  ],
};

/** Whether a name may end here. */
export function isWholeName(shape: number): boolean {
  return shape === Shape.abstract || shape === Shape.root || shape === Shape.inside;
}
