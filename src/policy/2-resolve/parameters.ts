import { printable } from "../../base/printable.ts";
import { diagnose } from "../../diagnostics/diagnose.ts";
import { type Report, startOf } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { matches, parsePattern } from "../../model/pattern.ts";
import type { ParameterSource, PolicySource } from "../1-parse/source.ts";
import { SET_LENGTH_MAX } from "../limits.ts";
import type { Binding } from "./binding.ts";

/** From `--set` or the defaults. Reports missing and unfit values. */
export function parameterValues(
  domain: PolicySource,
  set: Readonly<Record<string, string>>,
  report: Report,
): Map<string, Binding> {
  const values = new Map<string, Binding>();
  for (const parameter of domain.parameters) {
    const name = parameter.name.text;
    const text = Object.hasOwn(set, name) ? set[name] : parameter.default?.text;
    if (text === undefined) report(diagnose("parameter-missing", parameter.name.span, { name }));
    else if (!fits(text, parameter, report)) {
      const values = { value: text, name, pattern: parameter.pattern?.text ?? "*" };
      report(diagnose("bad-parameter", parameter.name.span, values));
    } else values.set(name, { literal: true, values: [{ text, span: parameter.name.span }] });
  }
  return values;
}

/** The value names one thing and is never a pattern. */
export function setValue(name: string, text: string, file: string, report: Report): Binding | null {
  if (isSoundValue(text)) return { literal: true, values: [{ text, span: startOf(file) }] };
  report(diagnose("bad-parameter", startOf(file), { value: text, name, pattern: "**" }));
  return null;
}

/** Reports each `--set` that no variable or parameter takes. */
export function setNames(
  set: Readonly<Record<string, string>>,
  known: ReadonlySet<string>,
  file: string,
  report: Report,
): void {
  for (const key of Object.keys(set)) {
    if (known.has(key)) continue;
    const list = known.size === 0 ? "none" : [...known].join(", ");
    report(diagnose("unknown-set", startOf(file), { name: key, known: list }, nearest(key, known)));
  }
}

function fits(text: string, parameter: ParameterSource, report: Report): boolean {
  const written = parameter.pattern?.text ?? "*";
  const rooted = written.startsWith("/");
  const parsed = parsePattern(rooted ? written : `/${written}`);
  if ("problem" in parsed) {
    const span = parameter.pattern?.span ?? parameter.name.span;
    report(diagnose("bad-pattern", span, { pattern: written, reason: parsed.problem.message }));
    return true;
  }
  return isSoundValue(text) && matches(parsed.pattern, Buffer.from(rooted ? text : `/${text}`));
}

function isSoundValue(text: string): boolean {
  if (text === "" || text.length > SET_LENGTH_MAX || printable(text) !== text) return false;
  return !text.split("/").some((part) => part === "." || part === "..");
}
