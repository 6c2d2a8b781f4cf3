import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../kernel/errno-error.ts";
import { findCgroup2Mount, OWN_GROUP } from "../kernel/probe/caller.ts";
import { readIfThere } from "../kernel/read-if-there.ts";

/**
 * What the control group of a process says: the domain, and the run by its daemon's process id if
 * the group is a run's.
 */
export interface PlaceInCgroups {
  readonly domain: string;
  readonly run: number | null;
}

/** As `/proc/PID/cgroup` spells `CGROUP2/cofferdam`; null without control groups version 2. */
export function cofferdamGroup(mountinfo: string): string | null {
  const mount = findCgroup2Mount(mountinfo);
  if (mount === null) return null;
  return `${mount.root === "/" ? "" : mount.root}/${OWN_GROUP}`;
}

/** Absolute; null without control groups version 2. */
export function anchorsFolder(
  mountinfo = readFileSync("/proc/self/mountinfo", "utf8"),
): string | null {
  const mount = findCgroup2Mount(mountinfo);
  return mount === null ? null : join(mount.point, OWN_GROUP);
}

let known: string | null | undefined;

/**
 * {@link cofferdamGroup} of this process, looked up once: a process of Cofferdam stays in its mount
 * and cgroup namespaces.
 */
export function ownCofferdamGroup(): string | null {
  if (known === undefined) known = cofferdamGroup(readFileSync("/proc/self/mountinfo", "utf8"));
  return known;
}

const digest = /\.[0-9a-f]{16}$/;

/** As `native/cgroup.c` names the anchor of a run that has no programs. */
const NO_TABLES = ".0000000000000000";

/** The names that the anchor of a plan's run may have. */
export function anchorNames(anchor: string): readonly string[] {
  return [anchor, anchor.replace(digest, NO_TABLES)];
}

/** In the own group of a systemd unit: `.../NAME.service/cofferdam/DOMAIN.DIGEST/PID`. */
const unitRun =
  /^0::((?:\/[^/\n]+)*\.service\/cofferdam\/([^/\n]+\.[0-9a-f]{16})\/([1-9]\d{0,9}))(?=[/\n ]|$)/m;

/**
 * Reads `/proc/PID/cgroup`. Returns null for a process outside `group` and outside the runs of
 * units. No process can forge the line of hierarchy 0 (cgroups(7)): the groups are root's, no
 * domain may write them, and the kernel accepts no newline in a name (cgroup_mkdir). A user may
 * make groups of any name below a unit that is delegated to that user. So `isRoots` tells whether a
 * group of a unit, by its path in the hierarchy, is root's.
 */
export function placeInCgroups(
  text: string,
  group: string,
  isRoots: (path: string) => boolean = isRootsGroup,
): PlaceInCgroups | null {
  const line = text.startsWith("0::") ? text : text.slice(text.indexOf("\n0::") + 1);
  if (!line.startsWith(`0::${group}/`)) return placeInUnit(line, isRoots);
  const end = line.indexOf("\n");
  // The group of a zombie may be removed already.
  const path = line
    .slice(3 + group.length + 1, end < 0 ? undefined : end)
    .replace(/ \(deleted\)$/, "");
  const [anchor = "", run = ""] = path.split("/");
  return { domain: domainOfAnchor(anchor), run: /^[1-9]\d{0,9}$/.test(run) ? Number(run) : null };
}

function placeInUnit(line: string, isRoots: (path: string) => boolean): PlaceInCgroups | null {
  if (!line.includes(".service/cofferdam/")) return null;
  const [, path = "", anchor = "", run] = unitRun.exec(line) ?? [];
  if (run === undefined || !isRoots(path)) return null;
  return { domain: domainOfAnchor(anchor), run: Number(run) };
}

/** Only root makes directories that are root's. One that the caller may not see counts as none. */
function isRootsGroup(path: string): boolean {
  const folder = folderOf(path);
  try {
    return folder !== null && statSync(folder, { throwIfNoEntry: false })?.uid === 0;
  } catch (error) {
    if (hasCode(error, "EACCES")) return false;
    throw error;
  }
}

/**
 * The folder of a systemd service's own group, of a process that is in it and in no group below:
 * from `/proc/PID/cgroup`. null for any other process.
 */
export function unitGroup(text: string): string | null {
  const path = /^0::(\/.*\.service)$/m.exec(text)?.[1];
  return path === undefined ? null : folderOf(path);
}

/** Of a group by its path in the hierarchy; null without control groups version 2. */
function folderOf(path: string): string | null {
  const mount = findCgroup2Mount(readFileSync("/proc/self/mountinfo", "utf8"));
  if (mount === null) return null;
  return join(mount.point, mount.root === "/" ? path : path.slice(mount.root.length));
}

/** Runs of units in the whole hierarchy, absolute. `name` matches `DOMAIN.DIGEST/PID`. */
export function unitRunGroups(hierarchy: string, name: RegExp): readonly string[] {
  const walk = (folder: string): readonly string[] =>
    foldersIn(folder).flatMap((path) => {
      if (!path.endsWith(`.service/${OWN_GROUP}`)) return walk(path);
      return runGroupsBelow(path).filter((run) => name.test(run.slice(path.length + 1)));
    });
  return walk(hierarchy);
}

/** Runs of one unit, absolute: by its group's path in the hierarchy, as systemd has it. */
export function runGroupsOfUnit(group: string): readonly string[] {
  const folder = folderOf(group);
  return folder === null ? [] : runGroupsBelow(join(folder, OWN_GROUP));
}

/** Of a group by its path in the hierarchy, and of the groups below it. */
export function processesInGroup(group: string): readonly number[] {
  const folder = folderOf(group);
  const walk = (at: string): readonly number[] => [
    ...processesIn(at),
    ...foldersIn(at).flatMap(walk),
  ];
  return folder === null ? [] : walk(folder);
}

/** Of a group's folder, and not of those below; none if it is gone. */
export function processesIn(folder: string): readonly number[] {
  const text = readIfThere(join(folder, "cgroup.procs")) ?? "";
  return text.split("\n").filter(Boolean).map(Number);
}

function runGroupsBelow(folder: string): readonly string[] {
  return foldersIn(folder).flatMap(foldersIn);
}

/** Groups come and go. */
function foldersIn(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((one) => one.isDirectory()).map((one) => join(folder, one.name));
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENODEV")) return [];
    throw error;
  }
}

/** `DOMAIN.DIGEST`, with any domain. */
export function isAnchorName(name: string): boolean {
  return digest.test(name);
}

export function domainOfAnchor(anchor: string): string {
  return anchor.replace(digest, "");
}
