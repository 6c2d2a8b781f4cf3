import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { isWord } from "../../model/word-kind.ts";
import { ruleText } from "./rule.ts";
import type { TokenLine } from "./source.ts";
import type { Scalar } from "./tree.ts";

const tokensForm = "[deny] NAME...";

/**
 * `[deny] NAME...`, with names from `known`; null if the names are looked up later. `what`
 * describes such a name in messages.
 */
export function parseWords<T extends string>(
  scalar: Scalar,
  what: string,
  known: readonly T[] | null,
  report: Report,
): TokenLine<T>[] {
  const lines: TokenLine<T>[] = [];
  const rule = ruleText(scalar, tokensForm, report);
  if (rule === null) return lines;
  for (const word of rule.words) {
    const token = word.text;
    if (isWord(token, known)) lines.push({ effect: rule.effect, token, word });
    else {
      const values = { value: token, what, known: (known ?? []).join(", ") };
      report(diagnose("bad-choice", word.span, values, nearest(token, known ?? [])));
    }
  }
  return lines;
}
