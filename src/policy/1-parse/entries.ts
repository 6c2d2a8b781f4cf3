import { diagnose } from "../../diagnostics/diagnose.ts";
import { type ControlCommand, controlCommands } from "../../model/policy.ts";
import { choicesOf, type Field, listOf, refuseShape, wordOf } from "./shapes.ts";
import type { EntrySource } from "./source.ts";
import type { Pair, Tree } from "./tree.ts";

const unit = /^[A-Za-z0-9:_.\\@-]+\.(?:service|scope|slice)$/;

const SHAPE = "a list of `{ exec: PATH }` and `{ unit: UNIT, outside: [COMMAND] }`";

/** As {@link SHAPE} says. PATH is checked later, when its variables are known. */
export function parseEntries(field: Field): EntrySource[] {
  return (listOf(field)?.items ?? [])
    .map((item) => parseEntry(item, field))
    .filter((entry) => entry !== null);
}

function parseEntry(item: Tree, field: Field): EntrySource | null {
  const pairs = item.kind === "mapping" ? item.pairs : [];
  const [pair, second] = pairs;
  const kind = pair?.key.value;
  const isUnit = kind === "unit" && (second === undefined || second.key.value === "outside");
  if (pair === undefined || pairs.length > 2 || !(isUnit || (kind === "exec" && !second))) {
    refuseShape(item, field, SHAPE);
    return null;
  }
  const value = wordOf(pair.value, field, SHAPE);
  if (value === null) return null;
  if (!isUnit) return { kind: "exec", value };
  if (!unit.test(value.text.replaceAll(/\$\{[a-z0-9_-]+\}/g, "x"))) {
    field.report(diagnose("bad-unit", value.span, { word: value.text }));
    return null;
  }
  return { kind: "unit", value, outside: second === undefined ? [] : outsideOf(second, field) };
}

function outsideOf({ value }: Pair, field: Field): readonly ControlCommand[] {
  if (value.kind === "list")
    return choicesOf({ ...field, value }, controlCommands, { what: "command to leave outside" });
  refuseShape(value, field, "a list of commands behind `outside`");
  return [];
}
