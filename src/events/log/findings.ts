import type { Head } from "./head.ts";
import type { Line } from "./lines.ts";
import { chainWords } from "./own-event.ts";
import { type ChainNote, genesis, isSound, type LogRecord, parseRecord } from "./record.ts";

/** A place where the chain is wrong, and why. */
export interface Finding {
  readonly kind: "torn" | "altered" | "missing" | "resumed";
  readonly file: string;
  /** From 1; `to` is the last of several lines that belong together. */
  readonly line: number;
  readonly to: number;
  readonly text: string;
}

export interface Verification {
  /**
   * `resumed`: a writer was killed and the next one reported it; at most its last record is lost.
   * `broken`: records were changed, or are missing.
   */
  readonly state: "whole" | "resumed" | "broken";
  readonly files: number;
  readonly records: number;
  /** Null in an empty log. */
  readonly first: number | null;
  readonly last: number | null;
  /** As reported by writers. */
  readonly lost: number;
  readonly findings: readonly Finding[];
  /** Findings beyond the first {@link LOG_FINDINGS_MAX}. */
  readonly more: number;
}

interface Place {
  readonly file: string;
  readonly line: number;
  readonly to: number;
}

/** Follows the chain line by line and collects what is wrong with it. */
export class Findings {
  readonly #max: number;
  readonly #kept: Finding[] = [];
  #more = 0;
  #broken = false;
  #records = 0;
  #lost = 0;
  #first: (LogRecord & Place) | null = null;
  #last: LogRecord | null = null;
  /**
   * Lines that are no records, each stretch as one. The next record tells whether a killed writer
   * left them.
   */
  #unread: (Place & { readonly whole: boolean })[] = [];
  readonly #removed: Extract<ChainNote, { kind: "removed" }>[] = [];
  #place: Place = { file: "", line: 0, to: 0 };

  constructor(max: number) {
    this.#max = max;
  }

  line(line: Line, file: string, number: number): void {
    this.#place = { file, line: number, to: number };
    const record = line.text === null ? null : parseRecord(line.text);
    if (record === null) {
      this.#addUnread(line.whole);
      return;
    }
    const note = record.event.chain ?? null;
    this.#explainUnread(note);
    if (!isSound(record, line.text ?? ""))
      this.#add("altered", `record ${record.seq} is not as it was written`);
    this.#link(record, note);
    this.#count(record, note);
  }

  /** `head`: what the last writer left, if that can be read. */
  result(head: Head | null): Omit<Verification, "files"> {
    this.#explainUnread(null);
    const last = this.#last?.seq ?? 0;
    if (head !== null && head.seq > last) this.#missing(last + 1, head.seq, "at the end");
    this.#beginning();
    const findings = this.#kept;
    return {
      state: this.#broken ? "broken" : findings.length > 0 ? "resumed" : "whole",
      records: this.#records,
      first: this.#first?.seq ?? null,
      last: this.#last?.seq ?? null,
      lost: this.#lost,
      findings,
      more: this.#more,
    };
  }

  #link(record: LogRecord, note: ChainNote | null): void {
    const before = this.#last;
    if (note?.kind === "resumed") this.#add("resumed", `${resumedBy(record)}: ${chainWords(note)}`);
    if (before === null) return;
    if (record.seq > before.seq + 1)
      this.#missing(before.seq + 1, record.seq - 1, `before record ${record.seq}`);
    else if (record.seq <= before.seq)
      this.#add("altered", `record ${record.seq} stands behind record ${before.seq}`);
    else if (record.prev !== before.hash)
      this.#add(
        "altered",
        `record ${record.seq} does not continue record ${before.seq}: one of them was exchanged`,
      );
  }

  #count(record: LogRecord, note: ChainNote | null): void {
    this.#records += 1;
    this.#first ??= { ...record, ...this.#place };
    this.#last = record;
    if (note?.kind === "removed") this.#removed.push(note);
    if (record.event.source === "log" && record.event.operation === "lost")
      this.#lost += record.event.count;
  }

  /** A chain that does not begin with record 1 must say what was removed before it. */
  #beginning(): void {
    const first = this.#first;
    if (first === null || (first.seq === genesis.seq + 1 && first.prev === genesis.hash)) return;
    this.#place = first;
    // A writer may be killed after it recorded the removal and before it removed the file. Then the
    // file is still there.
    const isSaid = this.#removed.some(
      ({ last, hash }) => last >= first.seq || (last === first.seq - 1 && hash === first.prev),
    );
    if (!isSaid)
      this.#missing(
        genesis.seq + 1,
        first.seq - 1,
        "at the beginning, and no record says that they were removed",
      );
  }

  #addUnread(whole: boolean): void {
    const before = this.#unread.at(-1);
    const { file, line } = this.#place;
    if (before?.whole && whole && before.file === file && before.to === line - 1)
      this.#unread[this.#unread.length - 1] = { ...before, to: line };
    else this.#unread.push({ ...this.#place, whole });
  }

  #explainUnread(note: ChainNote | null): void {
    const tornOnly = note?.kind === "resumed" && note.why === "torn";
    const present = this.#place;
    for (const { whole, ...place } of this.#unread) {
      this.#place = place;
      const lines = place.to - place.line + 1;
      if ((tornOnly && lines === 1) || !whole)
        this.#add("torn", "a record that its writer could not finish");
      else
        this.#add(
          "altered",
          lines === 1 ? "this is not a record" : `these ${lines} lines are not records`,
        );
    }
    this.#unread = [];
    this.#place = present;
  }

  #missing(from: number, to: number, where: string): void {
    const what = from === to ? `record ${from} is missing` : `records ${from} to ${to} are missing`;
    this.#add("missing", to < from ? `the records ${where} are missing` : `${what} ${where}`);
  }

  #add(kind: Finding["kind"], text: string): void {
    if (kind === "altered" || kind === "missing") this.#broken = true;
    if (this.#kept.length < this.#max) this.#kept.push({ kind, ...this.#place, text });
    else this.#more += 1;
  }
}

function resumedBy({ seq, event }: LogRecord): string {
  return `record ${seq} of ${event.time} resumes`;
}
