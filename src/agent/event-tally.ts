import { LogReader } from "../events/log/reader.ts";

/** Records read before other work gets its turn. */
const RECORDS_PER_TURN_MAX = 2_000;

/** Counts the denials and warnings of the host's present day by domain, from the log. */
export class EventTally {
  readonly #reader: LogReader;
  #day = dayOf(new Date());
  #counts = new Map<string, number>();

  constructor(folder: string) {
    this.#reader = new LogReader(folder, null);
  }

  /** Reads on; false while there is more to read. */
  step(): boolean {
    const { records, caughtUp } = this.#reader.next(RECORDS_PER_TURN_MAX);
    for (const { event } of records) {
      const counts = event.verdict === "denied" || event.verdict === "warning";
      if (counts && dayOf(new Date(event.time)) === this.#today()) this.#add(event.domain, event.count);
    }
    return caughtUp;
  }

  today(): ReadonlyMap<string, number> {
    this.#today();
    return this.#counts;
  }

  close(): void {
    this.#reader.close();
  }

  #today(): string {
    const day = dayOf(new Date());
    if (day !== this.#day) this.#counts = new Map();
    this.#day = day;
    return day;
  }

  #add(domain: string, count: number): void {
    this.#counts.set(domain, (this.#counts.get(domain) ?? 0) + count);
  }
}

/** In the host's own time zone. */
function dayOf(date: Date): string {
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}
