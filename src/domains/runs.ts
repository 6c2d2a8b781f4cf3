import { opendirSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../kernel/errno-error.ts";
import { readProcStat } from "./proc-stat.ts";
import { parseRunRecord, type RunRecord } from "./run-record.ts";

/** Root's runs, which every user may read. */
export const HOST_RUNS = "/run/cofferdam/runs";

/** One start of a domain, as long as its record lies there. */
export interface Run extends RunRecord {
  /** The daemon's process id, which names the run. */
  readonly pid: number;
  /**
   * `lost`: the holder has died, so calls that only it can have answered fail, and the record is
   * not removed.
   */
  readonly holderState: "alive" | "lost";
  /** `gone`: the daemon's first process ended; others of the domain may go on. */
  readonly daemonState: "alive" | "gone";
  /** The owner of the record's folder. A user's record counts for that user's processes alone. */
  readonly owner: number;
}

/** Maximum of names that are read in the folder of one user, who may put any number into it. */
const USER_RUNS_MAX = 1_000;

/**
 * The runs of one folder by their daemons' process ids, ascending. A folder that is not there holds
 * none.
 */
export function listRuns(folder: string): readonly Run[] {
  const owner = ownerOf(folder);
  return owner === null ? [] : runsIn(folder, owner);
}

/**
 * The runs that a user has put on record below a folder of his own. He may have put anything there,
 * a link to what is not his as well: that, and what cannot be read, holds none.
 */
export function listUserRuns(folder: string, uid: number): readonly Run[] {
  try {
    return ownerOf(folder) === uid ? runsIn(folder, uid, USER_RUNS_MAX) : [];
  } catch (error) {
    if (error instanceof Error && "code" in error) return [];
    throw error;
  }
}

function runsIn(folder: string, owner: number, max = Number.POSITIVE_INFINITY): readonly Run[] {
  const pids = namesIn(folder, max).filter((name) => /^[1-9]\d{0,9}$/.test(name));
  return pids
    .map(Number)
    .sort((a, b) => a - b)
    .map((pid) => readRun(folder, pid, owner))
    .filter((run) => run !== null);
}

/** At most `max` names are read: a folder may hold more than memory does. */
function namesIn(folder: string, max: number): readonly string[] {
  const names: string[] = [];
  const directory = opendirSync(folder);
  try {
    while (names.length < max) {
      const entry = directory.readSync();
      if (entry === null) break;
      names.push(entry.name);
    }
    return names;
  } finally {
    directory.closeSync();
  }
}

function readRun(folder: string, pid: number, owner: number): Run | null {
  const record = readRunRecord(folder, pid);
  if (record === null) return null;
  return {
    ...record,
    pid,
    owner,
    holderState: isAlive(record.holder, record.holderStart) ? "alive" : "lost",
    daemonState: isAlive(pid, record.start) ? "alive" : "gone",
  };
}

/** The record of one run by its daemon's process id; null where there is none. One system call. */
export function readRunRecord(folder: string, pid: number): RunRecord | null {
  try {
    return parseRunRecord(readlinkSync(join(folder, String(pid))));
  } catch (error) {
    // EINVAL: something that is no symbolic link, and so no record.
    if (hasCode(error, "ENOENT", "ENOTDIR", "EINVAL", "EACCES")) return null;
    throw error;
  }
}

function isAlive(pid: number, start: bigint): boolean {
  const stat = readProcStat(pid);
  return stat !== null && stat.start === start && stat.state !== "Z" && stat.state !== "X";
}

function ownerOf(folder: string): number | null {
  try {
    return statSync(folder).uid;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES")) return null;
    throw error;
  }
}
