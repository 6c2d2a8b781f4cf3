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
 * Ends the name of a record that is being looked at for the last time. One agent at a time sweeps:
 * it holds the lock.
 */
const ASIDE = ".swept";
const asideForm = /^[1-9]\d{0,9}\.swept$/;

/**
 * Removes the records of runs whose holder was killed and whose last process has ended, with their
 * control groups: no other part does, and process ids are reused. Needs control groups version 2,
 * because only they tell if a process of the run is left. Returns how many records there were.
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
 * Records that an agent took away and was killed over, before it had looked at them: they are swept
 * like any other.
 */
function putBackSwept(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((one) => asideForm.test(one))) {
    putBack(join(folder, name), join(folder, name.slice(0, -ASIDE.length)));
    rmSync(join(folder, name), { force: true });
  }
}

/** Whether the run's control group is empty, below whichever policy's anchor it is. */
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
 * A new run of this process id may put its record there at any moment: what is taken away is looked
 * at, and put back if it is another.
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

/** Unless an even newer one is there. */
function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    if (!hasCode(error, "EEXIST", "ENOENT")) throw error;
  }
}
