import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PRIVATE_FILE, PRIVATE_FOLDER } from "../../base/modes.ts";
import { readJson } from "../../base/read-json.ts";
import * as is from "../../base/schema.ts";
import { LOCK_EX, O_CLOEXEC, O_CREAT, O_NOFOLLOW, O_RDWR } from "../constants.ts";
import { close, hasCode, open, syscall } from "../ffi.ts";
import { readIfThere } from "../read-if-there.ts";
import { type AuditState, readAuditState, writeAuditState } from "./control.ts";

const switches = is.object({ enabled: is.whole(), backlogLimit: is.whole() });

/** Identified by pid and start time (field 22 of proc_pid_stat(5)), because a pid can be reused. */
const holder = is.object({ pid: is.whole(), start: is.text });

type Holder = is.Described<typeof holder>;

/**
 * The lease's holders, and the state from before the first lease. All collectors of the host share
 * it, so that the last one restores that state.
 */
const sharedState = is.object({
  before: switches,
  set: switches,
  holders: is.list(holder),
});

type SharedState = is.Described<typeof sharedState>;

export type AuditLease =
  | { readonly state: "on"; readonly lostBefore: number; release(): void }
  | { readonly state: "unavailable"; readonly why: string };

/**
 * Keeps auditing on until `release()`. If it is on already, nothing changes. If a lease switches it
 * on, the previous state and the list of living holders are kept in `directory`, under a lock. The
 * last holder, or the first one after a crash, restores the state from before the first lease.
 */
export function leaseAuditing(directory: string, backlogLimit: number): AuditLease {
  mkdirSync(directory, { recursive: true, mode: PRIVATE_FOLDER });
  return locked(directory, () => {
    const now = readAuditState();
    const shared = readShared(directory);
    if (shared === null && now.enabled !== 0)
      return { state: "on", lostBefore: now.lost, release: () => undefined };
    if (now.enabled === 0 && now.daemon !== 0)
      return { state: "unavailable", why: "the audit daemon has auditing switched off" };
    enter(directory, shared, now, backlogLimit);
    let released = false;
    const release = () => {
      if (!released) locked(directory, () => leave(directory));
      released = true;
    };
    return { state: "on", lostBefore: now.lost, release };
  });
}

function enter(
  directory: string,
  shared: SharedState | null,
  now: AuditState,
  backlogLimit: number,
): void {
  const before = shared?.before ?? { enabled: now.enabled, backlogLimit: now.backlogLimit };
  const set = { enabled: 1, backlogLimit: Math.max(backlogLimit, now.backlogLimit) };
  // Written before auditing is switched on: a crash in between leaves a record of what to restore.
  writeShared(directory, { before, set, holders: [...living(shared?.holders ?? []), self()] });
  writeAuditState(set);
}

function leave(directory: string): void {
  const shared = readShared(directory);
  if (shared === null) return;
  const me = self();
  const others = living(shared.holders).filter(
    (holder) => holder.pid !== me.pid || holder.start !== me.start,
  );
  if (others.length > 0) {
    writeShared(directory, { ...shared, holders: others });
    return;
  }
  putBack(shared, readAuditState());
  rmSync(stateFile(directory));
}

/**
 * Restores the state, unless another program has changed it meanwhile or an audit daemon relies on
 * it.
 */
function putBack(shared: SharedState, now: AuditState): void {
  if (now.daemon !== 0 || now.enabled !== shared.set.enabled) return;
  const backlogLimit =
    now.backlogLimit === shared.set.backlogLimit ? shared.before.backlogLimit : now.backlogLimit;
  writeAuditState({ enabled: shared.before.enabled, backlogLimit });
}

function locked<T>(directory: string, work: () => T): T {
  const lock = open(
    join(directory, "lock"),
    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
    PRIVATE_FILE,
  );
  try {
    syscall("flock", lock, LOCK_EX);
    return work();
  } finally {
    close(lock);
  }
}

function stateFile(directory: string): string {
  return join(directory, "state.json");
}

function readShared(directory: string): SharedState | null {
  const file = stateFile(directory);
  const text = readIfThere(file);
  if (text === null) return null;
  const read = readJson(sharedState, text);
  if (read.state === "good") return read.value;
  throw new Error(
    `${file} is broken: ${read.problem}; remove it, and set auditing as it is to be: auditctl -e`,
  );
}

function writeShared(directory: string, shared: SharedState): void {
  const scratch = `${stateFile(directory)}.new`;
  writeFileSync(scratch, JSON.stringify(shared), { mode: PRIVATE_FILE });
  renameSync(scratch, stateFile(directory));
}

function self(): Holder {
  return { pid: process.pid, start: startOf(process.pid) ?? "" };
}

function living(holders: readonly Holder[]): Holder[] {
  return holders.filter((holder) => startOf(holder.pid) === holder.start);
}

/** null for a process that is gone, or dead and not yet reaped. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name in parentheses may contain blanks and parentheses.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? null : (rest[18] ?? null);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH")) return null;
    throw error;
  }
}
