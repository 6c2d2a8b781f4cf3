import { renameSync } from "node:fs";

/**
 * Closes the file `path`: each closed one gets the next number, up to `gap`, which is free. The
 * file itself becomes number 1. `closed`: the path of a number.
 */
export function closeFile(path: string, closed: (number: number) => string, gap: number): void {
  for (let to = gap; to > 1; to--) renameSync(closed(to - 1), closed(to));
  renameSync(path, closed(1));
}

/** The first number from 1 that is not among these, which are sorted. */
export function firstGap(numbers: readonly number[]): number {
  const gap = numbers.findIndex((number, index) => number !== index + 1);
  return gap < 0 ? numbers.length + 1 : gap + 1;
}
