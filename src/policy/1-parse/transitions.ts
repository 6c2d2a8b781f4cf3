import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { parseDomainName } from "../names.ts";
import type { TransitionLine } from "./source.ts";
import type { Scalar } from "./tree.ts";
import { wordsOf } from "./words.ts";

/** `PATH -> DOMAIN`; null after a diagnostic. */
export function parseTransition(scalar: Scalar, report: Report): TransitionLine | null {
  const [path, arrow, into, more] = wordsOf(scalar);
  if (path === undefined || arrow?.text !== "->" || into === undefined || more !== undefined) {
    report(diagnose("bad-transition", scalar.span, { rule: scalar.value }));
    return null;
  }
  // A variable may stand for the instance; then the name is checked once it is known.
  if (!into.text.includes("${") && parseDomainName(into.text) === null) {
    report(diagnose("bad-name", into.span, { value: into.text, what: "a domain" }));
    return null;
  }
  return { path, into };
}
