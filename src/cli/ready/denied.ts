import type { Source } from "../../model/rule.ts";
import type { Suggestion } from "../../model/suggest.ts";
import { localTime } from "../render/local-time.ts";
import { counted, type Reason, reason } from "./reason.ts";

/** `deny` rules that are told of; --json has all accesses with their rules. */
const RULES_SHOWN_MAX = 10;

/** An access that enforcing would have denied. */
export interface Denied {
  /** In words. */
  readonly access: string;
  /** The narrowest line that would grant it; null if none can. */
  readonly line: Suggestion | null;
  /** What to do if no line can. */
  readonly help: string | null;
  readonly count: number;
  readonly first: string;
  readonly last: string;
  readonly program: string | null;
}

/** An access that a `deny` rule of the policy refuses: it is not to be had. */
export interface DeniedOnPurpose extends Denied {
  readonly rule: Pick<Source, "file" | "line" | "text">;
}

/** What the verdict says of warnings if none is outstanding. */
export function grantsAll(denied: readonly DeniedOnPurpose[]): string {
  const all = "the policy grants all that was warned about since";
  return denied.length === 0 ? all : `${all}, or denies it on purpose`;
}

/** A note for each `deny` rule, those that refuse most first. */
export function purposes(denied: readonly DeniedOnPurpose[]): readonly Reason[] {
  const byRule = new Map<string, DeniedOnPurpose[]>();
  for (const one of denied) {
    const { line, file, text } = one.rule;
    const key = `line ${line} of ${file} (${text})`;
    byRule.set(key, [...(byRule.get(key) ?? []), one]);
  }
  const notes = [...byRule]
    .sort(([, one], [, other]) => other.length - one.length)
    .map(([rule, accesses]) => {
      const times = accesses.map((one) => one.last).sort();
      const last = times.at(-1) ?? "";
      const told = `${counted(accesses.length, "access")} denied on purpose by ${rule}`;
      return `${told}, last ${localTime(last)}`;
    });
  const more = notes.length - RULES_SHOWN_MAX;
  return [
    ...notes.slice(0, RULES_SHOWN_MAX),
    ...(more > 0 ? [`and by ${counted(more, "more `deny` rule")} (--json)`] : []),
  ].map((text) => reason("note", "deny-rules", text));
}
