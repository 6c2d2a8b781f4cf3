import {
  existsSync,
  linkSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { hasCode } from "../kernel/errno-error.ts";
import { anchorsFolder, domainOfAnchor, unitRunGroups } from "./cgroup-path.ts";
import { listRuns, type Run } from "./runs.ts";

/**
 * Suffix of a record that is examined before it is removed. Only one agent sweeps at a time, under
 * a lock.
 */
const ASIDE = ".swept";
const asideForm = /^[1-9]\d{0,9}\.swept$/;

/**
 * Removes the records of runs whose holder was killed and whose last process has ended, with their
 * control groups. No other part does so, and process ids are reused. Needs control groups version
 * 2, because only they tell if a process of the run is left. Returns the number of records.
 */
export function sweepRuns(folder: string, groups: string | null = anchorsFolder()): number {
  putBackSwept(folder);
  if (groups === null) return 0;
  const lost = listRuns(folder).filter(
    (run) => run.holderState === "lost" && run.daemonState === "gone",
  );
  return lost.filter((run) => isEmpty(groups, run) && removeRecord(folder, run)).length;
}

/**
 * An agent that was killed may have left renamed records that it had not examined. They are swept
 * like any other.
 */
function putBackSwept(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((one) => asideForm.test(one))) {
    putBack(join(folder, name), join(folder, name.slice(0, -ASIDE.length)));
    rmSync(join(folder, name), { force: true });
  }
}

/** Below the anchor of whichever policy it is. */
function isEmpty(groups: string, { domain, pid }: Run): boolean {
  if (!existsSync(groups)) return true;
  const anchors = readdirSync(groups).filter((anchor) => domainOfAnchor(anchor) === domain);
  // A process that reuses the id may be starting the domain anew, in a group that is still empty.
  const isReused = existsSync(`/proc/${pid}`);
  const inUnits = unitRunGroups(dirname(groups), new RegExp(`/${pid}$`)).filter(
    (group) => domainOfAnchor(basename(dirname(group))) === domain,
  );
  return [...anchors.map((anchor) => join(groups, anchor, String(pid))), ...inUnits].every(
    (group) => (isReused ? !existsSync(group) : isRemoved(group)),
  );
}

/**
 * The kernel removes no group that contains a process. A group that it does not remove for another
 * reason is not known to be empty.
 */
function isRemoved(group: string): boolean {
  try {
    rmdirSync(group);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error) return error.code === "ENOENT";
    throw error;
  }
}

/**
 * A new run with this process id may write its record at any moment. So the record is renamed
 * first, then examined, and put back if it is not the expected one.
 */
function removeRecord(folder: string, { pid, holder, holderStart }: Run): boolean {
  const [path, aside] = [join(folder, String(pid)), join(folder, `${pid}${ASIDE}`)];
  try {
    renameSync(path, aside);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
  const isIt = `${readlinkSync(aside)} `.includes(` ${holder} ${holderStart} `);
  if (!isIt) putBack(aside, path);
  rmSync(aside);
  return isIt;
}

/** Unless there is an even newer record. */
function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    if (!hasCode(error, "EEXIST", "ENOENT")) throw error;
  }
}
