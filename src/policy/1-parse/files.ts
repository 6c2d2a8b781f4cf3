import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { type PermissionSet, permissionLetters } from "../../model/permission.ts";
import { ruleText } from "./rule.ts";
import type { FileLine, Word } from "./source.ts";
import type { Scalar } from "./tree.ts";

const filesForm = "LETTERS PATTERN... or deny [LETTERS] PATTERN...";

const everyLetter = Object.values(permissionLetters).reduce((set, bit) => set | bit, 0);

/**
 * `LETTERS PATTERN...`, `deny LETTERS PATTERN...`, or `deny PATTERN...` for every letter; null
 * after a complaint.
 */
export function parseFileLine(scalar: Scalar, report: Report): FileLine | null {
  const rule = ruleText(scalar, filesForm, report);
  const [letters, ...patterns] = rule?.words ?? [];
  if (rule === null || letters === undefined) return null;
  if (rule.effect === "deny" && /^[/$]/.test(letters.text)) {
    return { effect: "deny", permissions: everyLetter, patterns: rule.words };
  }
  const permissions = parseLetters(letters, report);
  if (patterns.length === 0) {
    report(diagnose("missing-operand", rule.span, { rule: rule.text, form: filesForm }));
    return null;
  }
  return permissions === null ? null : { effect: rule.effect, permissions, patterns };
}

function parseLetters(word: Word, report: Report): PermissionSet | null {
  let permissions = 0;
  let sound = true;
  for (const letter of word.text) {
    const bit = Object.hasOwn(permissionLetters, letter)
      ? permissionLetters[letter as keyof typeof permissionLetters]
      : 0;
    if (bit === 0 || (permissions & bit) !== 0) {
      report(
        diagnose(bit === 0 ? "bad-letter" : "repeated-letter", word.span, {
          letter,
          word: word.text,
        }),
      );
      if (bit === 0) return null;
      sound = false;
    }
    permissions |= bit;
  }
  return sound ? permissions : null;
}
