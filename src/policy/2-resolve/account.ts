import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Word } from "../1-parse/source.ts";
import { isAccountName } from "../names.ts";
import { expand } from "./expand.ts";
import type { Scope } from "./scope.ts";

/** The name under `user` or `group` (`what`); null if there is none, and after a diagnostic. */
export function resolveAccount(word: Word | null, what: string, scope: Scope): string | null {
  if (word === null) return null;
  const names = expand(word, "plain", scope);
  const [name] = names;
  if (name !== undefined && names.length === 1 && isAccountName(name)) return name;
  if (names.length > 0)
    scope.report(diagnose("bad-name", word.span, { value: names.join(", "), what }));
  return null;
}
