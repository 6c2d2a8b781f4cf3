import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report, Span } from "../../diagnostics/diagnostic.ts";
import type { Effect } from "../../model/policy.ts";
import type { Word } from "./source.ts";
import type { Scalar } from "./tree.ts";
import { wordsOf } from "./words.ts";

/** A line of a section without its `deny`. */
export interface RuleText {
  readonly effect: Effect;
  readonly words: readonly Word[];
  readonly span: Span;
  readonly text: string;
}

/** null after a diagnostic. */
export function ruleText(scalar: Scalar, form: string, report: Report): RuleText | null {
  const all = wordsOf(scalar);
  const effect: Effect = all[0]?.text === "deny" ? "deny" : "allow";
  const words = effect === "deny" ? all.slice(1) : all;
  const first = words[0];
  if (first === undefined) {
    report(diagnose("missing-operand", scalar.span, { rule: scalar.value.trim(), form }));
    return null;
  }
  if (effect === "deny" && first.text === "deny") {
    report(diagnose("double-deny", first.span, {}));
    return null;
  }
  const quoted = words.find(({ text }) => /^["']/.test(text));
  if (quoted !== undefined) {
    report(diagnose("quoted-word", quoted.span, { word: quoted.text }));
    return null;
  }
  return { effect, words, span: scalar.span, text: scalar.value };
}

/** Reports a word for which a rule's form has no room; true if there was one. */
export function refuseExtra(word: Word | undefined, form: string, report: Report): boolean {
  if (word === undefined) return false;
  report(diagnose("extra-operand", word.span, { word: word.text, form }));
  return true;
}
