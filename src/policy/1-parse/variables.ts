import { diagnose } from "../../diagnostics/diagnose.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { isVariableName } from "../names.ts";
import { type Field, mappingOf, refuseShape, wordOf } from "./shapes.ts";
import type { ParameterSource, VariableSource, Word } from "./source.ts";
import type { Pair, Scalar, Tree } from "./tree.ts";
import { wholeWord } from "./words.ts";

/** `{ NAME: VALUE, NAME: [VALUE, ...] }`. */
export function parseVariables(field: Field): VariableSource[] {
  return (mappingOf(field)?.pairs ?? [])
    .map((pair) => parseVariable(pair, field))
    .filter((variable) => variable !== null);
}

function parseVariable(pair: Pair, field: Field): VariableSource | null {
  const name = nameOf(pair.key, "a variable", field);
  const items = pair.value.kind === "list" ? pair.value.items : [pair.value];
  const values = items.map((item) =>
    wordOf(item, field, "a mapping of names to texts or lists of texts"),
  );
  if (items.length === 0) field.report(diagnose("empty-text", pair.value.span, { key: field.key }));
  if (name === null || items.length === 0 || values.includes(null)) return null;
  return { name, values: values.filter((value) => value !== null) };
}

/** `{ NAME: DESCRIPTION, NAME: { description, default, pattern } }`. */
export function parseParameters(field: Field): ParameterSource[] {
  return (mappingOf(field)?.pairs ?? [])
    .map((pair) => parseParameter(pair, field))
    .filter((parameter) => parameter !== null);
}

function parseParameter(pair: Pair, field: Field): ParameterSource | null {
  const name = nameOf(pair.key, "a parameter", field);
  if (pair.value.kind === "mapping") {
    const parts = new Map<string, Word | null>();
    for (const { key, value } of pair.value.pairs) {
      if (isParameterPart(key.value)) parts.set(key.value, wordOf(value, field, "text"));
      else refusePart(key, field);
    }
    if (name === null) return null;
    const description = parts.get("description")?.text ?? "";
    return {
      name,
      description,
      default: parts.get("default") ?? null,
      pattern: parts.get("pattern") ?? null,
    };
  }
  const description = descriptionOf(pair.value, field);
  return name === null || description === null
    ? null
    : { name, description, default: null, pattern: null };
}

const parameterParts = ["description", "default", "pattern"];

function isParameterPart(text: string): boolean {
  return parameterParts.includes(text);
}

function refusePart(key: Scalar, field: Field): void {
  const values = { key: key.value, where: "a parameter", known: parameterParts.join(", ") };
  field.report(diagnose("unknown-key", key.span, values, nearest(key.value, parameterParts)));
}

function descriptionOf(tree: Tree, field: Field): string | null {
  if (tree.kind !== "scalar") {
    refuseShape(tree, field, "a mapping of names to descriptions");
    return null;
  }
  return tree.value;
}

function nameOf(key: Scalar, what: string, field: Field): Word | null {
  if (isVariableName(key.value)) return wholeWord(key);
  field.report(diagnose("bad-name", key.span, { value: key.value, what }));
  return null;
}
