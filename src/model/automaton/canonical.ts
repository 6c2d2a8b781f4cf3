import type { Table } from "./table.ts";

/**
 * Merges equal states and equal byte classes, drops unreachable states, and numbers both by first
 * appearance from the start. If the groups are the finest possible, equal languages give equal
 * bytes. `groupOf`: any number per group; the dead state is in state 0's group.
 */
export function canonical(table: Table, groupOf: Int32Array): Table {
  const { columns, classOf } = distinctClasses(table, groupOf);
  const count = columns.length;
  const { classCount } = table;
  const numbers = new Int32Array(table.stateCount).fill(-1);
  const order = new Uint32Array(table.stateCount + 1);
  const next = new Uint32Array((table.stateCount + 1) * count);
  let length = 1;
  numbers[groupOf[0] as number] = 0;
  const visit = (state: number): number => {
    const group = groupOf[state] as number;
    if ((numbers[group] as number) < 0) {
      order[length] = state;
      numbers[group] = length++;
    }
    return numbers[group] as number;
  };
  const start = visit(table.start);
  for (let at = 1; at < length; at++) {
    const row = (order[at] as number) * classCount;
    for (let index = 0; index < count; index++) {
      next[at * count + index] = visit(table.next[row + (columns[index] as number)] as number);
    }
  }
  return {
    classOf,
    classCount: count,
    start,
    stateCount: length,
    next: next.slice(0, length * count),
    permissions: Uint16Array.from(
      order.subarray(0, length),
      (state) => table.permissions[state] as number,
    ),
  };
}

/**
 * Classes whose columns differ. Each is represented by one old class, in order of its first byte.
 */
function distinctClasses(
  table: Table,
  groupOf: Int32Array,
): { columns: number[]; classOf: Uint8Array } {
  const { classCount, next, stateCount } = table;
  const twin = new Int32Array(classCount);
  const byHash = new Map<number, number[]>();
  for (let column = 0; column < classCount; column++) {
    let hash = 0;
    for (let state = 0; state < stateCount; state++) {
      hash =
        (Math.imul(hash, 31) + (groupOf[next[state * classCount + column] as number] as number)) |
        0;
    }
    const candidates = byHash.get(hash) ?? [];
    twin[column] = candidates.find((other) => sameColumn(table, groupOf, column, other)) ?? column;
    if (twin[column] === column) byHash.set(hash, [...candidates, column]);
  }
  const columns: number[] = [];
  const classOf = table.classOf.map((old) => {
    const column = twin[old] as number;
    const known = columns.indexOf(column);
    return known >= 0 ? known : columns.push(column) - 1;
  });
  return { columns, classOf };
}

function sameColumn(
  { classCount, next, stateCount }: Table,
  groupOf: Int32Array,
  one: number,
  other: number,
): boolean {
  for (let state = 0; state < stateCount; state++) {
    const row = state * classCount;
    if (groupOf[next[row + one] as number] !== groupOf[next[row + other] as number]) return false;
  }
  return true;
}
