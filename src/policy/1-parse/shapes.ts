import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { type KeyName, keys } from "../language.ts";
import type { Word } from "./source.ts";
import { nameOfKind } from "./to-tree.ts";
import type { List, Mapping, Scalar, Tree } from "./tree.ts";
import { wholeWord } from "./words.ts";

/** The key, its value, and where diagnostics go. */
export interface Field {
  readonly key: KeyName;
  readonly value: Tree;
  readonly report: Report;
}

/** Non-empty text, or null after a diagnostic. */
export function textOf(field: Field): Word | null {
  return wordOf(field.value, field, "text");
}

/** One of the key's choices, or null after a diagnostic. */
export function choiceOf<T extends string>(field: Field, known: readonly T[]): T | null {
  const word = textOf(field);
  return word === null ? null : choose(word, field, known);
}

/**
 * `needless`: words that would have no effect, each with the reason; they are refused, too.
 * `what`: what a message calls a choice.
 */
export function choicesOf<T extends string>(
  field: Field,
  known: readonly T[],
  {
    needless = {},
    what = field.key,
  }: { needless?: Readonly<Record<string, string>>; what?: string } = {},
): T[] {
  return textsOf(field)
    .map((scalar) => {
      const word = wholeWord(scalar);
      const why = Object.hasOwn(needless, word.text) ? needless[word.text] : undefined;
      if (why === undefined) return choose(word, field, known, what);
      field.report(diagnose("needless-choice", word.span, { value: word.text, why }));
      return null;
    })
    .filter((choice) => choice !== null);
}

/** The non-empty texts of a list; other items are reported and left out. */
export function textsOf(field: Field): Scalar[] {
  const list = listOf(field);
  return (list?.items ?? []).filter(
    (item): item is Scalar => wordOf(item, field, "a list of texts") !== null,
  );
}

export function listOf(field: Field): List | null {
  if (field.value.kind === "list") return field.value;
  refuseShape(field.value, field, "a list");
  return null;
}

export function mappingOf(field: Field): Mapping | null {
  if (field.value.kind === "mapping") return field.value;
  refuseShape(field.value, field, "a mapping");
  return null;
}

export function wordOf(tree: Tree, field: Field, expected: string): Word | null {
  if (tree.kind !== "scalar") {
    refuseShape(tree, field, expected);
    return null;
  }
  if (tree.value.trim() === "") {
    field.report(diagnose("empty-text", tree.span, { key: field.key }));
    return null;
  }
  return wholeWord(tree);
}

export function refuseShape(tree: Tree, field: Field, expected: string): void {
  const values = {
    key: field.key,
    expected,
    found: nameOfKind(tree),
    example: `\`${keys[field.key].example}\``,
  };
  field.report(diagnose("wrong-shape", tree.span, values));
}

function choose<T extends string>(
  word: Word,
  field: Field,
  known: readonly T[],
  what: string = field.key,
): T | null {
  const choice = known.find((name) => name === word.text);
  if (choice !== undefined) return choice;
  const values = { value: word.text, what, known: known.join(", ") };
  field.report(diagnose("bad-choice", word.span, values, nearest(word.text, known)));
  return null;
}
