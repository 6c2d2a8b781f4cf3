import { closeSync, unlinkSync } from "node:fs";
import { closeFile, firstGap } from "../closed-files.ts";
import { lastRecord } from "./find-end.ts";
import { linesOf } from "./lines.ts";
import { LOG_NAME, oldNumbers, oldPath, openOld } from "./places.ts";
import { type ChainNote, parseRecord } from "./record.ts";

export type Removed = Extract<ChainNote, { kind: "removed" }>;

/**
 * The oldest file, if it must be removed before `events.jsonl` can be closed. null if there is
 * room, or an interrupted rotation left a gap that gives room.
 */
export function toRemove(
  folder: string,
  oldFiles: number,
): { readonly path: string; readonly records: Removed } | null {
  const gap = firstGap(oldNumbers(folder));
  if (gap <= oldFiles) return null;
  const path = oldPath(folder, oldFiles);
  return { path, records: recordsOf(path) };
}

export function rotate(folder: string): void {
  const gap = firstGap(oldNumbers(folder));
  closeFile(`${folder}/${LOG_NAME}`, (number) => oldPath(folder, number), gap);
}

export function removeOld(path: string): void {
  unlinkSync(path);
}

function recordsOf(path: string): Removed {
  const fd = openOld(path);
  try {
    const { end } = lastRecord(fd);
    let first = end?.seq ?? 0;
    for (const line of linesOf(fd, 0)) {
      first = (line.text === null ? null : parseRecord(line.text))?.seq ?? first;
      break;
    }
    return { kind: "removed", first, last: end?.seq ?? 0, hash: end?.hash ?? "" };
  } finally {
    closeSync(fd);
  }
}
