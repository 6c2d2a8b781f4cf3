import { renameSync } from "node:fs";

/**
 * Closes the file `path`, which becomes number 1. The closed files before it move up by one number,
 * up to `gap`, a free number. `closed`: the path of a number.
 */
export function closeFile(path: string, closed: (number: number) => string, gap: number): void {
  for (let to = gap; to > 1; to--) renameSync(closed(to - 1), closed(to));
  renameSync(path, closed(1));
}

/** `numbers` are sorted. */
export function firstGap(numbers: readonly number[]): number {
  const gap = numbers.findIndex((number, index) => number !== index + 1);
  return gap < 0 ? numbers.length + 1 : gap + 1;
}
