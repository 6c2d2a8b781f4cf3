import { kindOf } from "../../events/fold.ts";
import type { LogRecord } from "../../events/log/record.ts";
import { CommandError, type Context } from "../command.ts";
import type { Seen } from "./kinds.ts";
import { forEachRecord, logFolder } from "./read-log.ts";

/** Every id begins with a time in nanoseconds, so it has more digits than a record's number. */
const NUMBER = /^#?(\d{1,15})$/;
/** Ids that a message proposes for an unknown one. */
const OFFERED_MAX = 3;

/**
 * The event with this number, id or beginning of an id, and how often it happened.
 * @throws CommandError if none or several match
 */
export function findEvent(context: Context, asked: string): Seen {
  const search = new Search(asked);
  forEachRecord(context, (record) => search.add(record));
  const found = search.found(logFolder(context));
  const kind = kindOf(found.event);
  let count = 0;
  let first = found.event.first ?? found.event.time;
  forEachRecord(context, ({ event }) => {
    if (event.class === "lifecycle" || event.verdict === "audit" || kindOf(event) !== kind) return;
    if (count === 0) first = event.first ?? event.time;
    count += event.count;
  });
  return { event: found.event, seq: found.seq, count: Math.max(count, found.event.count), first };
}

class Search {
  readonly #asked: string;
  readonly #number: number | null;
  #exact: LogRecord | null = null;
  readonly #beginning: LogRecord[] = [];
  #beginnings = 0;
  #nearest: { readonly id: string; readonly alike: number } | null = null;
  #last = 0;

  constructor(asked: string) {
    this.#asked = asked;
    this.#number = NUMBER.test(asked) ? Number(NUMBER.exec(asked)?.[1]) : null;
  }

  add(record: LogRecord): void {
    const { event, seq } = record;
    this.#last = seq;
    if (event.id === this.#asked || seq === this.#number) this.#exact = record;
    else if (event.id.startsWith(this.#asked)) {
      this.#beginnings += 1;
      if (this.#beginning.length < OFFERED_MAX) this.#beginning.push(record);
    }
    const alike = alikeFor(event.id, this.#asked);
    if (alike > (this.#nearest?.alike ?? 0)) this.#nearest = { id: event.id, alike };
  }

  found(folder: string): LogRecord {
    const [only] = this.#beginning;
    const record =
      this.#exact ?? (this.#number === null && this.#beginnings === 1 ? only : undefined);
    if (record !== undefined) return record;
    const what = `no event \`${this.#asked}\` in ${folder}`;
    if (this.#number === null && this.#beginnings > 1) {
      const ids = this.#beginning.map(({ event }) => `\`${event.id}\``).join(", ");
      throw new CommandError(
        `${this.#beginnings} events begin with \`${this.#asked}\``,
        `write more of it: ${ids}`,
      );
    }
    throw new CommandError(what, this.#help());
  }

  #help(): string {
    if (this.#last === 0) return "the log is empty";
    if (this.#number !== null)
      return (
        `the last one has the number ${this.#last}; \`cofferdam events\` shows all that are ` +
        "left"
      );
    const { id, alike } = this.#nearest ?? { id: "", alike: 0 };
    // All ids of one day begin with the same digits.
    return alike >= ALIKE_MIN
      ? `did you mean \`${id}\`?`
      : "`cofferdam events` shows numbers, `--json` ids";
  }
}

/** Equal characters at the beginning beyond which an id is similar; fewer only say the month. */
const ALIKE_MIN = 6;

function alikeFor(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}
