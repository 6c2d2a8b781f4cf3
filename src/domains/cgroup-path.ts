import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../kernel/errno-error.ts";
import { findCgroup2Mount } from "../kernel/probe/caller.ts";

/**
 * What the control group of a process says: the domain, and the run by its daemon's process id
 * where it is below one.
 */
export interface PlaceInCgroups {
  readonly domain: string;
  readonly run: number | null;
}

/**
 * Where `CGROUP2/cofferdam` is, as `/proc/PID/cgroup` spells it; null without control groups
 * version 2.
 */
export function cofferdamGroup(mountinfo: string): string | null {
  const mount = findCgroup2Mount(mountinfo);
  if (mount === null) return null;
  return `${mount.root === "/" ? "" : mount.root}/cofferdam`;
}

/** Where the anchors of all domains lie, absolute; null without control groups version 2. */
export function anchorsFolder(
  mountinfo = readFileSync("/proc/self/mountinfo", "utf8"),
): string | null {
  const mount = findCgroup2Mount(mountinfo);
  return mount === null ? null : join(mount.point, "cofferdam");
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

/** The tables' digest that ends an anchor's name (`compile/cgroup/anchor.ts`). */
const digest = /\.[0-9a-f]{16}$/;

/** In the own group of a systemd unit: `.../NAME.service/cofferdam/DOMAIN.DIGEST/PID`. */
const unitRun =
  /^0::((?:\/[^/\n]+)*\.service\/cofferdam\/([^/\n]+\.[0-9a-f]{16})\/([1-9]\d{0,9}))(?=[/\n ]|$)/m;

/**
 * The place that a `/proc/PID/cgroup` tells, or null for a process outside `group` and outside the
 * runs of units. The groups are root's, no domain may write them, and the kernel takes no newline
 * into a name (cgroup_mkdir), so that no process can forge the line of hierarchy 0 (cgroups(7)).
 * Below a unit that is delegated to a user, that user may make groups of any name: `isRoots` says
 * whether one of a unit's, by its path in the hierarchy, is root's.
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

/** Only root makes directories that are root's. */
function isRootsGroup(path: string): boolean {
  const mount = findCgroup2Mount(readFileSync("/proc/self/mountinfo", "utf8"));
  if (mount === null) return false;
  const below = mount.root === "/" ? path : path.slice(mount.root.length);
  return statSync(join(mount.point, below), { throwIfNoEntry: false })?.uid === 0;
}

/**
 * Groups of runs of units in the whole hierarchy, absolute; `name` as `DOMAIN.DIGEST/PID` fits it.
 */
export function unitRunGroups(hierarchy: string, name: RegExp): readonly string[] {
  const walk = (folder: string): readonly string[] =>
    foldersIn(folder).flatMap((path) => {
      if (!path.endsWith(".service/cofferdam")) return walk(path);
      return foldersIn(path)
        .flatMap(foldersIn)
        .filter((run) => name.test(run.slice(path.length + 1)));
    });
  return walk(hierarchy);
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

/** The domain that has its runs below a directory of `CGROUP2/cofferdam`. */
export function domainOfAnchor(anchor: string): string {
  return anchor.replace(digest, "");
}
