import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { ruleText } from "./rule.ts";
import type { TokenLine } from "./source.ts";
import type { Scalar } from "./tree.ts";

const tokensForm = "[deny] NAME...";

/**
 * `[deny] NAME...`: capabilities, system calls, signals. What the names mean is looked up later.
 */
export function parseTokens(scalar: Scalar, report: Report): TokenLine[] {
  const rule = ruleText(scalar, tokensForm, report);
  if (rule === null) return [];
  return rule.words.map((word) => ({ effect: rule.effect, token: word.text, word }));
}

/** The same where the names come from a closed list. */
export function parseChoices<T extends string>(
  scalar: Scalar,
  what: string,
  known: readonly T[],
  report: Report,
): TokenLine<T>[] {
  const lines: TokenLine<T>[] = [];
  for (const line of parseTokens(scalar, report)) {
    const token = known.find((choice) => choice === line.token);
    if (token !== undefined) lines.push({ ...line, token });
    else {
      const values = { value: line.token, what, known: known.join(", ") };
      report(diagnose("bad-choice", line.word.span, values, nearest(line.token, known)));
    }
  }
  return lines;
}
