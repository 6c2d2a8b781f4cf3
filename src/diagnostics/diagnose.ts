import { printable } from "../base/printable.ts";
import { catalogue, type DiagnosticName } from "./catalogue.ts";
import type { Diagnostic, Span } from "./diagnostic.ts";

/** Longest value shown inside a message, characters. */
const VALUE_LENGTH_MAX = 250;

type Placeholders<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;
type Templates<N extends DiagnosticName> =
  | (typeof catalogue)[N]["message"]
  | (typeof catalogue)[N]["fix"];

export type DiagnosticValues<N extends DiagnosticName> = Readonly<
  Record<Placeholders<Templates<N>>, string | number>
>;

/**
 * Makes a diagnostic; nothing else does. With a `suggestion` the help line asks "did you mean" and
 * leaves out the general help. Values come from files that an attacker may have written: control
 * characters are escaped, and long values are cut with `...`.
 */
export function diagnose<N extends DiagnosticName>(
  name: N,
  span: Span,
  values: DiagnosticValues<N>,
  suggestion: string | null = null,
): Diagnostic {
  const entry = catalogue[name];
  return {
    code: entry.code,
    severity: entry.severity,
    message: fill(entry.message, values),
    help:
      suggestion === null ? fill(entry.fix, values) : `did you mean \`${shorten(suggestion)}\`?`,
    file: span.file,
    line: span.line,
    column: span.column,
    length: span.length,
  };
}

function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replaceAll(/\{([a-z]+)\}/gi, (_, name: string) => shorten(String(values[name])));
}

function shorten(value: string): string {
  const characters = [...value];
  const kept =
    characters.length <= VALUE_LENGTH_MAX
      ? value
      : `${characters.slice(0, VALUE_LENGTH_MAX).join("")}...`;
  return printable(kept);
}
