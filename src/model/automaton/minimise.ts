import { canonical } from "./canonical.ts";
import { mergeForward } from "./merge-forward.ts";
import { partition } from "./partition.ts";
import type { Table } from "./table.ts";

/** The one smallest automaton with the same meaning, states and classes numbered canonically. */
export function minimise(table: Table): Table {
  const merged = mergeForward(table);
  return canonical(merged, partition(merged));
}
