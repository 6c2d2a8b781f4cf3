import { canonical } from "./canonical.ts";
import type { Table } from "./table.ts";

/**
 * Merges equal states on the way back from the ends of names. Most states of many plain paths lie on no cycle and are
 * found here in linear time; states on cycles are left to `partition`.
 */
export function mergeForward(table: Table): Table {
  const { classCount, next, stateCount } = table;
  const merged = new Int32Array(stateCount).fill(-1);
  const rows = new Map<string, number>();
  merged[0] = 0;
  const row = new Array<number>(classCount + 1);
  for (const state of postorder(table)) {
    if (state === 0) continue;
    merged[state] = state;
    let finished = true;
    for (let index = 0; index < classCount && finished; index++) {
      const target = next[state * classCount + index] as number;
      finished = target !== state && (merged[target] as number) >= 0;
      row[index] = merged[target] as number;
    }
    if (!finished) continue;
    row[classCount] = table.permissions[state] as number;
    const key = rowKey(row);
    const twin = rows.get(key);
    if (twin === undefined) rows.set(key, state);
    else merged[state] = twin;
  }
  return canonical(table, merged);
}

/** Runs of equal targets are written once: rows are mostly one target. */
function rowKey(row: readonly number[]): string {
  let key = "";
  let run = 0;
  for (let index = 1; index <= row.length; index++) {
    if (index < row.length && row[index] === row[index - 1]) continue;
    key += `${index - run}:${row[index - 1]},`;
    run = index;
  }
  return key;
}

/** States reachable from the start, each after the states it leads to (but for cycles). */
export function postorder({ classCount, next, start, stateCount }: Table): Uint32Array {
  const order = new Uint32Array(stateCount);
  const seen = new Uint8Array(stateCount);
  const progress = new Uint16Array(stateCount);
  const stack = [start];
  seen[start] = 1;
  let length = 0;
  while (stack.length > 0) {
    const state = stack[stack.length - 1] as number;
    const index = progress[state] as number;
    if (index === classCount) {
      order[length++] = state;
      stack.pop();
      continue;
    }
    progress[state] = index + 1;
    const target = next[state * classCount + index] as number;
    if (seen[target] === 0) {
      seen[target] = 1;
      stack.push(target);
    }
  }
  return order.subarray(0, length);
}
