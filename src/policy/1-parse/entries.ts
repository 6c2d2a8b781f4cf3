import { diagnose } from "../../diagnostics/diagnose.ts";
import { type Field, listOf, refuseShape, wordOf } from "./shapes.ts";
import type { EntrySource } from "./source.ts";
import type { Tree } from "./tree.ts";

const unit = /^[A-Za-z0-9:_.\\@-]+\.(?:service|scope|slice)$/;

/**
 * `[{ exec: PATH }, { unit: UNIT }]`. Whether PATH is a path is seen once its variables are known.
 */
export function parseEntries(field: Field): EntrySource[] {
  return (listOf(field)?.items ?? [])
    .map((item) => parseEntry(item, field))
    .filter((entry) => entry !== null);
}

function parseEntry(item: Tree, field: Field): EntrySource | null {
  const pair = item.kind === "mapping" && item.pairs.length === 1 ? item.pairs[0] : undefined;
  const kind = pair?.key.value;
  if (pair === undefined || (kind !== "exec" && kind !== "unit")) {
    refuseShape(item, field, "a list of `{ exec: PATH }` and `{ unit: UNIT }`");
    return null;
  }
  const value = wordOf(pair.value, field, "a list of `{ exec: PATH }` and `{ unit: UNIT }`");
  if (value === null) return null;
  if (kind === "unit" && !unit.test(value.text.replaceAll(/\$\{[a-z0-9_-]+\}/g, "x"))) {
    field.report(diagnose("bad-unit", value.span, { word: value.text }));
    return null;
  }
  return { kind, value };
}
