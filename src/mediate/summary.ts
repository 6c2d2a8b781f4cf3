import type { Event } from "../events/event.ts";
import { renderEvent } from "../events/render.ts";
import { sys } from "./sys.ts";

/** Different accesses that get lines of their own. */
const ACCESSES_MAX = 1_000;
/** Where an attended run wants it: its standard error. */
const SUMMARY_DESCRIPTOR = 7;

/** What a run at level warning would have been denied: one entry a kind of access, with how often it came. */
export class Summary {
  readonly #kinds = new Map<string, Event>();
  #others = 0;

  add(event: Event): void {
    if (event.verdict !== "warning") return;
    const kind = JSON.stringify([event.class, event.operation, event.object, event.rule, event.process.executable]);
    const known = this.#kinds.get(kind);
    if (known !== undefined) this.#kinds.set(kind, { ...known, count: known.count + event.count });
    else if (this.#kinds.size < ACCESSES_MAX) this.#kinds.set(kind, event);
    else this.#others += event.count;
  }

  /** Empty where nothing was outside the domain. */
  text(domain: string): string {
    if (this.#kinds.size === 0) return "";
    const events = [...this.#kinds.values()];
    const total = events.reduce((sum, event) => sum + event.count, this.#others);
    const lines = events.map((event) => renderEvent(event));
    if (this.#others > 0) lines.push(`... and ${this.#others} more, of other kinds`);
    const grants = new Set(events.flatMap(({ allow }) => (allow === null ? [] : [`${allow.section} ${allow.line}`])))
      .size;
    lines.push(`cofferdam: ${domain}: ${total} accesses outside the domain, ${grants} lines would allow them`);
    return `${lines.join("\n")}\n`;
  }
}

/** Writes it whole, or what whoever reads there takes. */
export function writeSummary(text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    const written = sys("write", SUMMARY_DESCRIPTOR, rest, rest.length);
    if (written <= 0) return;
    rest = rest.subarray(written);
  }
}
