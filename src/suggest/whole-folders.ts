import { Permission, type PermissionSet } from "../model/permission.ts";
import { isWithin } from "../model/within.ts";
import { isHome, secret, shared } from "../policy/3-check/shared-folders.ts";
import type { Tree } from "./tree.ts";
import { ALL_LETTERS, addTo, type UsedName } from "./used-names.ts";

/** Fewer names of a folder are granted one by one. */
const FOLDER_NAMES_MIN = 5;
/** A folder is granted as a whole if the domain uses at least this part of the names in it. */
const FOLDER_SHARE_MIN = 2 / 3;
/** Names of a folder that are looked at; a larger folder is never granted as a whole. */
export const FOLDER_SIZE_MAX = 20_000;
/** Names of a folder that is granted as a whole because it is listed. */
const LISTED_SIZE_MAX = 2_000;
/** Folders below the root that may be granted as a whole, in levels: names can be very deep. */
const FOLDER_DEPTH_MAX = 24;

export interface WholeFolder {
  readonly folder: string;
  readonly permissions: PermissionSet;
  readonly names: readonly UsedName[];
  /** Names in it that were not used. */
  readonly others: readonly string[];
}

/** The largest folders of which nearly everything is used. */
export function wholeFolders(used: ReadonlyMap<string, UsedName>, tree: Tree): WholeFolder[] {
  const byFolder = new Map<string, UsedName[]>();
  for (const name of used.values())
    for (const folder of foldersAbove(name.path)) addTo(byFolder, folder, name);
  const taken: WholeFolder[] = [];
  const candidates = [...byFolder].filter(([folder, names]) => {
    return names.length >= FOLDER_NAMES_MIN && mayBeWhole(folder);
  });
  for (const [folder, names] of candidates.toSorted(([a], [b]) => a.length - b.length)) {
    if (taken.some((one) => folder.startsWith(`${one.folder}/`))) continue;
    const existing = tree.below(folder, FOLDER_SIZE_MAX);
    if (existing === null) continue;
    const above = new Set(names.flatMap(({ path }) => foldersAbove(path)));
    const others = existing.filter((path) => !used.has(path) && !above.has(path));
    if (!isNearlyAll(names, new Set(existing), others)) continue;
    const permissions = lettersFor(names, others);
    if (permissions !== 0) taken.push({ folder, permissions, names, others });
  }
  return taken;
}

/**
 * Folders that are listed: in a sealed domain the kernel allows it only where everything below may
 * be read. `taken`: those that are granted as a whole already.
 */
export function listedFolders(
  used: ReadonlyMap<string, UsedName>,
  tree: Tree,
  taken: readonly WholeFolder[],
): WholeFolder[] {
  const found: WholeFolder[] = [];
  const isRead = (name: UsedName) => (name.permissions & Permission.read) !== 0;
  const isTaken = (path: string) =>
    [...taken, ...found].some(
      ({ folder, permissions }) => (permissions & Permission.read) !== 0 && isWithin(path, folder),
    );
  const listed = [...used.values()].filter((name) => isRead(name) && mayBeWhole(name.path));
  for (const own of listed.toSorted((a, b) => a.path.length - b.path.length)) {
    const below = isTaken(own.path) ? null : tree.below(own.path, LISTED_SIZE_MAX);
    if (below === null || below.length === 0) continue;
    const names = [...used.values()].filter(
      (name) => isRead(name) && isWithin(name.path, own.path),
    );
    const others = below.filter((path) => !used.has(path));
    found.push({ folder: own.path, permissions: Permission.read, names, others });
  }
  return found;
}

/**
 * A process can ask for names that are nowhere, as many as it likes. So beside names that it does
 * not use only those count that exist; otherwise also those that it makes.
 */
function isNearlyAll(
  names: readonly UsedName[],
  existing: ReadonlySet<string>,
  others: readonly string[],
): boolean {
  const there = names.filter(({ path }) => existing.has(path)).length;
  if (others.length > 0)
    return there >= FOLDER_NAMES_MIN && there / (there + others.length) >= FOLDER_SHARE_MIN;
  const real = names.filter(({ path, isMade }) => isMade || existing.has(path)).length;
  return real >= FOLDER_NAMES_MIN;
}

/**
 * Those that all names need. In a folder in which the domain makes everything, all that any name
 * needs, except executing: the next name may be for another purpose.
 */
function lettersFor(names: readonly UsedName[], others: readonly string[]): PermissionSet {
  const common = names.reduce((all, name) => all & name.permissions, ALL_LETTERS);
  if (others.length > 0 || !names.every(({ isMade }) => isMade)) return common;
  const any = names.reduce((all, name) => all | name.permissions, 0);
  return any & ~(Permission.execute | Permission.map);
}

/** From the largest. */
function foldersAbove(path: string): string[] {
  const parts = path.split("/").slice(1, -1).slice(0, FOLDER_DEPTH_MAX);
  return parts.map((_, at) => `/${parts.slice(0, at + 1).join("/")}`);
}

/** A folder that several programs share is never granted as a whole. */
export function mayBeWhole(folder: string): boolean {
  return (
    !isOfKernel(folder) && !shared.includes(folder) && !secret.includes(folder) && !isHome(folder)
  );
}

export function isOfKernel(folder: string): boolean {
  return ["/proc", "/sys", "/dev"].some((top) => isWithin(folder, top));
}

/** What a name needs beside the folders that it lies in. */
export function lettersBeyond(name: UsedName, folders: readonly WholeFolder[]): PermissionSet {
  return folders
    .filter(({ names }) => names.includes(name))
    .reduce((left, { permissions }) => left & ~permissions, name.permissions);
}
