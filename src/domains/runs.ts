import { opendirSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../kernel/errno-error.ts";
import { readProcStat } from "./proc-stat.ts";
import { parseRunRecord, type RunRecord } from "./run-record.ts";

/** Readable for every user. */
export const HOST_RUNS = "/run/cofferdam/runs";

/** One start of a domain, while its record exists. */
export interface Run extends RunRecord {
  /** The daemon's process id, which names the run. */
  readonly pid: number;
  /** `lost`: the holder has died. Notified calls fail, and the record is not removed. */
  readonly holderState: "alive" | "lost";
  /** `gone`: the daemon's first process ended; other processes of the domain may go on. */
  readonly daemonState: "alive" | "gone";
  /** The owner of the record's folder. A user's record counts for that user's processes only. */
  readonly owner: number;
}

/** Follows the table: its level and policy are those of the host at every moment. */
export function follows(run: Run): boolean {
  return run.mode === "supervised" && run.live;
}

/**
 * Whether a restart gives the run another policy than it has. `tagNow`: of the domain's policy,
 * called only if the answer depends on it. null: it cannot be known.
 */
export function keepsEarlierPolicy(run: Run, tagNow: () => string | null): boolean | null {
  if (follows(run)) return false;
  const tag = run.policy === null ? null : tagNow();
  return tag === null ? null : run.policy !== tag;
}

/** Names that are read in the folder of one user, who may create any number of them. */
const USER_RUNS_MAX = 1_000;

/** By their daemons' process ids, ascending. A missing folder holds none. */
export function listRuns(folder: string): readonly Run[] {
  const owner = ownerOf(folder);
  return owner === null ? [] : runsIn(folder, owner);
}

/**
 * The runs on record below a user's folder. The user may have created anything there, such as a
 * link to another user's files. Such entries and unreadable ones are ignored.
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

/** A folder may hold more names than fit into memory. */
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

/** By the daemon's process id; null if there is none. One system call. */
export function readRunRecord(folder: string, pid: number): RunRecord | null {
  try {
    return parseRunRecord(readlinkSync(join(folder, String(pid))));
  } catch (error) {
    // EINVAL: something that is no symbolic link, and so no record.
    if (hasCode(error, "ENOENT", "ENOTDIR", "EINVAL", "EACCES")) return null;
    throw error;
  }
}

export function holderLives({ holder, holderStart }: RunRecord): boolean {
  return isAlive(holder, holderStart);
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
