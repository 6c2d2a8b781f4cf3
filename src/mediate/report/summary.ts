import { escapeControls } from "../../events/escape-controls.ts";
import type { Event } from "../../events/event.ts";
import { renderEvent } from "../../events/render.ts";
import { sys } from "../sys/sys.ts";

/** Different accesses that get lines of their own. */
const ACCESSES_MAX = 1_000;
/** Where an attended run wants it: its standard error. */
const SUMMARY_DESCRIPTOR = 7;

/**
 * What a run at level warning would have been denied: one entry a kind of access, with how often it
 * came.
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
   * Empty where nothing was outside the domain. The accesses, then the lines that would allow them,
   * as they can be pasted into the policy.
   */
  text(domain: string): string {
    if (this.#kinds.size === 0) return "";
    const events = [...this.#kinds.values()];
    const total = events.reduce((sum, event) => sum + event.count, this.#others);
    // What to do about those with a line is said once, below.
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

/** Each section once, each line once, in the order in which they were wanted. */
function policyLines(events: readonly Event[]): readonly string[] {
  const sections = new Map<string, Set<string>>();
  for (const { allow } of events) {
    if (allow === null) continue;
    const lines = sections.get(allow.section) ?? new Set();
    sections.set(allow.section, lines.add(allow.line));
  }
  return [...sections].flatMap(([section, lines]) => [
    `${section}:`,
    ...[...lines].map((line) => `  - ${escapeControls(line)}`),
  ]);
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
