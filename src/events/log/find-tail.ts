import { closeSync, readSync } from "node:fs";
import { lastClosedRecord, lastRecord, reach } from "./find-end.ts";
import type { Head } from "./head.ts";
import {
  type FileKey,
  LOG_NAME,
  look,
  lookAt,
  oldNumbers,
  oldPath,
  openLogFile,
  openOld,
} from "./places.ts";
import { type ChainEnd, type ChainNote, genesis } from "./record.ts";

type Why = Extract<ChainNote, { kind: "resumed" }>["why"];

export interface Tail {
  readonly fd: number;
  readonly key: FileKey;
  readonly size: number;
  readonly end: ChainEnd;
  /** The file ends in the middle of a line, which a newline has to close. */
  readonly torn: boolean;
  /** The end is not the one that the last writer left, which a record must report. */
  readonly resumed: Why | null;
}

/**
 * Finds the end of the chain, whatever happened since the last write: a writer killed in the middle
 * of a write or a rotation, files cut, replaced or removed. The caller holds the lock. `head`: what
 * the last writer left, null if that is lost.
 */
export function findTail(folder: string, head: Head | null): Tail {
  const path = `${folder}/${LOG_NAME}`;
  const found = look(path);
  const earlier = head === null || found?.key === head.file ? null : closedBy(folder, head);
  const fd = openLogFile(path, found === null);
  try {
    const { key, size } = lookAt(fd);
    const base = { fd, key, size };
    if (head === null) return { ...base, ...withoutHead(folder, fd, found !== null) };
    if (earlier === null) return { ...base, ...sameFile(fd, size, head) };
    const { end, torn, altered } = reach(fd, 0, earlier.end);
    const resumed = earlier.resumed ?? (altered ? "altered" : torn ? "torn" : null);
    return { ...base, end: end ?? earlier.end, torn, resumed };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

type End = Pick<Tail, "end" | "torn" | "resumed">;

function sameFile(fd: number, size: number, head: Head): End {
  if (size < head.size) return { end: head, torn: !endsLine(fd, size), resumed: "truncated" };
  const { end, torn, altered } = reach(fd, head.size, head);
  return { end: end ?? head, torn, resumed: altered ? "altered" : torn ? "torn" : null };
}

/** The last writer's file was closed by an interrupted rotation, or is gone. */
function closedBy(folder: string, head: Head): Pick<End, "end" | "resumed"> {
  const number = oldNumbers(folder).find((one) => look(oldPath(folder, one))?.key === head.file);
  if (number === undefined) return { end: head, resumed: "missing" };
  const fd = openOld(oldPath(folder, number));
  try {
    const { end, resumed } = sameFile(fd, lookAt(fd).size, head);
    return { end, resumed };
  } finally {
    closeSync(fd);
  }
}

function withoutHead(folder: string, fd: number, hasLog: boolean): End {
  const last = hasLog ? lastRecord(fd) : { end: null, torn: false, altered: false };
  const end = last.end ?? lastClosedRecord(folder) ?? genesis;
  return { end, torn: last.torn, resumed: last.altered ? "altered" : last.torn ? "torn" : null };
}

function endsLine(fd: number, size: number): boolean {
  if (size === 0) return true;
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, size - 1);
  return byte[0] === 10;
}
