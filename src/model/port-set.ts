import type { PortRange } from "./rule.ts";

/** Ports as sorted, disjoint, non-adjacent inclusive intervals. */
export type PortSet = readonly PortRange[];

export const noPorts: PortSet = [];

/** Intervals may overlap and come in any order. */
export function portSet(ranges: readonly PortRange[]): PortSet {
  const merged: PortRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const last = merged.at(-1);
    if (last === undefined || range.first > last.last + 1) merged.push(range);
    else merged[merged.length - 1] = { first: last.first, last: Math.max(last.last, range.last) };
  }
  return merged;
}

/** Linear in both. */
export function subtractPorts(from: PortSet, taken: PortSet): PortSet {
  const left: PortRange[] = [];
  let next = 0;
  for (const { first, last } of from) {
    let start = first;
    // A taken interval may reach into the next one of `from`, so only those that end before this
    // one are skipped.
    while (next < taken.length && taken[next]!.last < start) next++;
    for (let i = next; i < taken.length && taken[i]!.first <= last; i++) {
      if (taken[i]!.first > start) left.push({ first: start, last: taken[i]!.first - 1 });
      start = Math.max(start, taken[i]!.last + 1);
    }
    if (start <= last) left.push({ first: start, last });
  }
  return left;
}

export function samePorts(a: PortSet, b: PortSet): boolean {
  return (
    a.length === b.length &&
    a.every((range, i) => range.first === b[i]!.first && range.last === b[i]!.last)
  );
}
