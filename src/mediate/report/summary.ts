import { printable } from "../../base/printable.ts";
import type { Event } from "../../events/event.ts";
import { renderEvent } from "../../events/render.ts";
import { sys } from "../sys/sys.ts";

/** Accesses that get lines of their own. */
const ACCESSES_MAX = 1_000;
/** The standard error of an attended run. */
const SUMMARY_DESCRIPTOR = 7;

/**
 * What a run at level warning would have been denied: one entry per kind of access, with a count.
 */
export class Summary {
  readonly #kinds = new Map<string, Event>();
  #others = 0;

  add(event: Event): void {
    if (event.verdict !== "warning") return;
    const kind = JSON.stringify([
      event.class,
      event.operation,
      event.object,
      event.rule,
      event.process.executable,
    ]);
    const known = this.#kinds.get(kind);
    if (known !== undefined) this.#kinds.set(kind, { ...known, count: known.count + event.count });
    else if (this.#kinds.size < ACCESSES_MAX) this.#kinds.set(kind, event);
    else this.#others += event.count;
  }

  /**
   * The accesses, then the lines that would allow them, ready to be pasted into the policy. Empty
   * if nothing was outside the domain.
   */
  text(domain: string): string {
    if (this.#kinds.size === 0) return "";
    const events = [...this.#kinds.values()];
    const total = events.reduce((sum, event) => sum + event.count, this.#others);
    // The suggestions are listed once, below.
    const lines = events.map((event) =>
      renderEvent(event.allow === null ? event : { ...event, allow: null }),
    );
    if (this.#others > 0) lines.push(`... and ${this.#others} more, of other kinds`);
    const allowed = events.filter(({ allow }) => allow !== null);
    const kinds = this.#others === 0 ? `of ${events.length} kinds` : "kinds";
    const which =
      allowed.length === events.length && this.#others === 0
        ? "them"
        : `${allowed.length} ${kinds}`;
    lines.push(
      `cofferdam: ${domain}: ${total} ${total === 1 ? "access" : "accesses"} outside the domain`,
    );
    if (allowed.length > 0) lines.push(`  these lines in its policy would allow ${which}:`);
    return `${[...lines, ...policyLines(allowed)].join("\n")}\n`;
  }
}

/** Each section once and each line once, in order. */
function policyLines(events: readonly Event[]): readonly string[] {
  const sections = new Map<string, Set<string>>();
  for (const { allow } of events) {
    if (allow === null) continue;
    const lines = sections.get(allow.section) ?? new Set();
    sections.set(allow.section, lines.add(allow.line));
  }
  return [...sections].flatMap(([section, lines]) => [
    `${section}:`,
    ...[...lines].map((line) => `  - ${printable(line)}`),
  ]);
}

export function writeSummary(text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    const written = sys("write", SUMMARY_DESCRIPTOR, rest, rest.length);
    if (written <= 0) return;
    rest = rest.subarray(written);
  }
}
