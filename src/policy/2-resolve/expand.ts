import { diagnose } from "../../diagnostics/diagnose.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { escapeName } from "../../model/pattern.ts";
import type { Word } from "../1-parse/source.ts";
import { EXPANSION_MAX, VARIABLE_DEPTH_MAX } from "../limits.ts";
import type { Binding } from "./binding.ts";
import type { Scope } from "./scope.ts";

/** Literal values are escaped in a pattern and stand for themselves elsewhere. */
export type Use = "pattern" | "plain";

const reference = /\\.|\$\{([^}]*)(\})?/gs;
const variableName = /^[a-z][a-z0-9_-]*$/;

/** Empty after a diagnostic. A variable that is a list multiplies the texts. */
export function expand(word: Word, use: Use, scope: Scope): string[] {
  if (!word.text.includes("${")) return [word.text];
  const texts = expandText(word.text, word, use, scope, []) ?? [];
  return use === "pattern" ? texts.map(settled) : texts;
}

/**
 * The same pattern, spelled so that it stays one word without references when it is written into a
 * policy again.
 */
function settled(pattern: string): string {
  return pattern.replaceAll(/\\.|\$(?=\{)|\s/gs, (match) =>
    match.startsWith("\\") ? match : `\\${match}`,
  );
}

function expandText(
  text: string,
  word: Word,
  use: Use,
  scope: Scope,
  chain: readonly string[],
): string[] | null {
  let results = [""];
  let at = 0;
  for (const match of text.matchAll(reference)) {
    if (match[0].startsWith("\\")) continue;
    const before = text.slice(at, match.index);
    const values = valuesOf(match[1] ?? "", match[2] !== undefined, word, use, scope, chain);
    if (values === null) return null;
    if (results.length * values.length > EXPANSION_MAX) {
      scope.report(
        diagnose("too-many-values", word.span, { word: word.text, limit: EXPANSION_MAX }),
      );
      return null;
    }
    results = results.flatMap((result) => values.map((value) => result + before + value));
    at = match.index + match[0].length;
  }
  return results.map((result) => result + text.slice(at));
}

function valuesOf(
  name: string,
  closed: boolean,
  word: Word,
  use: Use,
  scope: Scope,
  chain: readonly string[],
): string[] | null {
  if (!closed || !variableName.test(name)) {
    scope.report(diagnose("bad-reference", word.span, { word: word.text }));
    return null;
  }
  const binding = scope.bindings.get(name);
  if (chain.includes(name) || chain.length >= VARIABLE_DEPTH_MAX) {
    scope.report(diagnose("variable-cycle", word.span, { chain: [...chain, name].join(" -> ") }));
    return null;
  }
  if (binding === undefined) {
    // A parameter without a value was reported once; it need not be reported again for each use.
    if (!scope.pending.has(name)) {
      scope.report(
        diagnose("undefined-variable", word.span, { name }, nearest(name, scope.bindings.keys())),
      );
    }
    scope.used.add(name);
    return null;
  }
  scope.used.add(name);
  return bindingValues(name, binding, word, use, scope, chain);
}

function bindingValues(
  name: string,
  binding: Binding,
  word: Word,
  use: Use,
  scope: Scope,
  chain: readonly string[],
): string[] | null {
  if (binding.literal) {
    return binding.values.map(({ text }) => (use === "pattern" ? escapeName(text) : text));
  }
  const values: string[] = [];
  for (const value of binding.values) {
    const expanded = expandText(value.text, word, use, scope, [...chain, name]);
    if (expanded === null) return null;
    values.push(...expanded);
    if (values.length > EXPANSION_MAX) {
      scope.report(
        diagnose("too-many-values", word.span, { word: word.text, limit: EXPANSION_MAX }),
      );
      return null;
    }
  }
  return values;
}
