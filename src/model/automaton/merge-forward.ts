import { canonical } from "./canonical.ts";
import type { Table } from "./table.ts";

/**
 * Merges equal states, from the ends of names backwards. Most states of many plain paths lie on no
 * cycle and are merged here in linear time; `partition` merges states on cycles.
 */
export function mergeForward(table: Table): Table {
  const { classCount, next, stateCount } = table;
  const merged = new Int32Array(stateCount).fill(-1);
  const finished = new Finished(table, merged);
  merged[0] = 0;
  for (const state of postorder(table)) {
    if (state === 0) continue;
    merged[state] = state;
    let isOnCycle = false;
    const row = state * classCount;
    for (let cell = row; cell < row + classCount && !isOnCycle; cell++) {
      const target = next[cell] as number;
      isOnCycle = target === state || (merged[target] as number) < 0;
    }
    if (!isOnCycle) merged[state] = finished.twinOf(state);
  }
  return canonical(table, merged);
}

/** States whose targets are all known: equal ones have equal rows. */
class Finished {
  private readonly byHash = new Map<number, number[]>();
  private readonly table: Table;
  private readonly merged: Int32Array;

  constructor(table: Table, merged: Int32Array) {
    this.table = table;
    this.merged = merged;
  }

  /** The state itself if no earlier one is equal. */
  twinOf(state: number): number {
    const hash = this.hashOf(state);
    const candidates = this.byHash.get(hash);
    if (candidates === undefined) {
      this.byHash.set(hash, [state]);
      return state;
    }
    const twin = candidates.find((other) => this.isEqual(state, other));
    if (twin === undefined) candidates.push(state);
    return twin ?? state;
  }

  private hashOf(state: number): number {
    const { classCount, next, permissions } = this.table;
    let hash = permissions[state] as number;
    const row = state * classCount;
    for (let cell = row; cell < row + classCount; cell++) {
      hash = (Math.imul(hash, 31) + (this.merged[next[cell] as number] as number)) | 0;
    }
    return hash;
  }

  private isEqual(one: number, other: number): boolean {
    const { classCount, next, permissions } = this.table;
    if (permissions[one] !== permissions[other]) return false;
    for (let index = 0; index < classCount; index++) {
      const target = this.merged[next[one * classCount + index] as number];
      if (target !== this.merged[next[other * classCount + index] as number]) return false;
    }
    return true;
  }
}

/** States reachable from the start, each after the states it leads to, except in cycles. */
export function postorder({ classCount, next, start, stateCount }: Table): Uint32Array {
  const order = new Uint32Array(stateCount);
  const seen = new Uint8Array(stateCount);
  const progress = new Uint16Array(stateCount);
  const stack = new Uint32Array(stateCount);
  stack[0] = start;
  seen[start] = 1;
  let depth = 1;
  let length = 0;
  while (depth > 0) {
    const state = stack[depth - 1] as number;
    const row = state * classCount;
    let index = progress[state] as number;
    while (index < classCount && seen[next[row + index] as number] === 1) index++;
    if (index === classCount) {
      order[length++] = state;
      depth--;
      continue;
    }
    const target = next[row + index] as number;
    progress[state] = index + 1;
    seen[target] = 1;
    stack[depth++] = target;
  }
  return order.subarray(0, length);
}
