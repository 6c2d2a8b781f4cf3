import { LogReader } from "../events/log/reader.ts";
import type { LoggedEvent } from "../events/log/record.ts";

/** Records read before other work gets its turn. */
const RECORDS_PER_TURN_MAX = 2_000;

/** Of the host's present day, repeats counted. */
export interface Tally {
  readonly denied: number;
  readonly warned: number;
  /** Events without a record: the log says how many were lost. */
  readonly lost: number;
}

const nothing: Tally = { denied: 0, warned: 0, lost: 0 };

/** Counts the denials and warnings of the host's present day by domain, from the log. */
export class EventTally {
  readonly #reader: LogReader;
  #day = dayOf(new Date());
  #counts = new Map<string, number>();
  #tally = nothing;

  constructor(folder: string) {
    this.#reader = new LogReader(folder, null);
  }

  /** False while there is more to read. */
  step(): boolean {
    const { records, caughtUp } = this.#reader.next(RECORDS_PER_TURN_MAX);
    for (const { event } of records) {
      if (dayOf(new Date(event.time)) === this.#today()) this.#add(event);
    }
    return caughtUp;
  }

  today(): ReadonlyMap<string, number> {
    this.#today();
    return this.#counts;
  }

  tally(): Tally {
    this.#today();
    return this.#tally;
  }

  close(): void {
    this.#reader.close();
  }

  #today(): string {
    const day = dayOf(new Date());
    if (day !== this.#day) {
      this.#counts = new Map();
      this.#tally = nothing;
    }
    this.#day = day;
    return day;
  }

  #add({ verdict, class: kind, operation, domain, count }: LoggedEvent): void {
    const { denied, warned, lost } = this.#tally;
    if (verdict === "denied") this.#tally = { ...this.#tally, denied: denied + count };
    else if (verdict === "warning") this.#tally = { ...this.#tally, warned: warned + count };
    else if (kind === "lifecycle" && operation === "lost")
      this.#tally = { ...this.#tally, lost: lost + count };
    if (verdict === "denied" || verdict === "warning")
      this.#counts.set(domain, (this.#counts.get(domain) ?? 0) + count);
  }
}

/** In the host's own time zone. */
function dayOf(date: Date): string {
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}
