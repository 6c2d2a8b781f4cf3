import type { Table } from "./table.ts";

/**
 * The table with equal states (`groupOf`, any number for each group; the dead state's is 0's) made one, unreachable ones
 * left out, classes that no state tells apart made one, and both numbered by first appearance from the start: so that
 * equal languages give equal bytes when the groups are the finest possible.
 */
export function canonical(table: Table, groupOf: Int32Array): Table {
  const columns = distinctClasses(table, groupOf);
  const count = columns.columns.length;
  const numbers = new Int32Array(table.stateCount).fill(-1);
  numbers[groupOf[0] as number] = 0;
  const order = [0];
  const visit = (state: number): number => {
    const group = groupOf[state] as number;
    if ((numbers[group] as number) < 0) numbers[group] = order.push(state) - 1;
    return numbers[group] as number;
  };
  const start = visit(table.start);
  const next: number[] = new Array(count).fill(0);
  for (let at = 1; at < order.length; at++) {
    const row = (order[at] as number) * table.classCount;
    for (const column of columns.columns) next.push(visit(table.next[row + column] as number));
  }
  return {
    classOf: columns.classOf,
    classCount: count,
    start,
    stateCount: order.length,
    next: Uint32Array.from(next),
    permissions: Uint16Array.from(order, (state) => table.permissions[state] as number),
  };
}

/** Classes whose columns differ; each is represented by one old class, in order of the first byte in it. */
function distinctClasses(table: Table, groupOf: Int32Array): { columns: number[]; classOf: Uint8Array } {
  const { classCount, next, stateCount } = table;
  const twin = new Int32Array(classCount);
  const byHash = new Map<number, number[]>();
  for (let column = 0; column < classCount; column++) {
    let hash = 0;
    for (let state = 0; state < stateCount; state++) {
      hash = (Math.imul(hash, 31) + (groupOf[next[state * classCount + column] as number] as number)) | 0;
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

function sameColumn({ classCount, next, stateCount }: Table, groupOf: Int32Array, one: number, other: number): boolean {
  for (let state = 0; state < stateCount; state++) {
    const row = state * classCount;
    if (groupOf[next[row + one] as number] !== groupOf[next[row + other] as number]) return false;
  }
  return true;
}
