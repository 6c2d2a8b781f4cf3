import { readFileSync } from "node:fs";
import { join } from "node:path";
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

/**
 * The place that a `/proc/PID/cgroup` tells, or null for a process outside `group`. The groups are
 * root's, no domain may write them, and the kernel takes no newline into a name (cgroup_mkdir), so
 * that no process can forge the line of hierarchy 0 (cgroups(7)).
 */
export function placeInCgroups(text: string, group: string): PlaceInCgroups | null {
  const line = text.startsWith("0::") ? text : text.slice(text.indexOf("\n0::") + 1);
  if (!line.startsWith(`0::${group}/`)) return null;
  const end = line.indexOf("\n");
  // The group of a zombie may be removed already.
  const path = line
    .slice(3 + group.length + 1, end < 0 ? undefined : end)
    .replace(/ \(deleted\)$/, "");
  const [anchor = "", run = ""] = path.split("/");
  return { domain: domainOfAnchor(anchor), run: /^[1-9]\d{0,9}$/.test(run) ? Number(run) : null };
}

/** The domain that has its runs below a directory of `CGROUP2/cofferdam`. */
export function domainOfAnchor(anchor: string): string {
  return anchor.replace(digest, "");
}
