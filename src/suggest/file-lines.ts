import { answeredOnce } from "../base/answered-once.ts";
import { isCanonicalName } from "../model/canonical-name.ts";
import { permissionsOf } from "../model/decide/permissions-of.ts";
import { bytesOfName } from "../model/name-bytes.ts";
import { escapeName, literalPrefix, matches, parsePattern } from "../model/pattern.ts";
import {
  formatLetters,
  Permission,
  type PermissionSet,
  permissionLetters,
} from "../model/permission.ts";
import type { Policy } from "../model/policy.ts";
import type { NameRequest, TwoNameRequest } from "../model/request.ts";
import { isWithin } from "../model/within.ts";
import { isHome, secret, shared } from "../policy/3-check/shared-folders.ts";
import { shapeOf } from "./name-shape.ts";
import type { Need } from "./need.ts";
import type { Proposal } from "./proposal.ts";
import type { Tree } from "./tree.ts";

/** Fewer names of a folder are granted one by one. */
const FOLDER_NAMES_MIN = 5;
/** A folder is granted as a whole if the domain uses at least this part of the names in it. */
const FOLDER_SHARE_MIN = 2 / 3;
/** Names of a folder that are looked at; a larger folder is never granted as a whole. */
const FOLDER_SIZE_MAX = 20_000;
/** Folders whose names are remembered. */
const FOLDERS_KEPT_MAX = 16;
/** Folders below the root that may be granted as a whole, in levels: names can be very deep. */
const FOLDER_DEPTH_MAX = 24;

/** Letters that the domain needs on one name, and what told so. */
interface UsedName {
  readonly path: string;
  permissions: PermissionSet;
  readonly needs: Set<Need>;
  /** The domain makes it, or renames to it. */
  isMade: boolean;
}

const ALL_LETTERS: PermissionSet = Object.values(permissionLetters).reduce(
  (set, bit) => set | bit,
  0,
);

/** Lines of `files` for what was asked of names; a folder is granted only if nearly all is used. */
export function fileLines(policy: Policy, needs: readonly Need[], host: Tree): Proposal[] {
  const tree = listedOnce(host);
  const used = usedNames(policy, needs);
  const folders = wholeFolders(used, tree);
  const covered = new Set(folders.flatMap(({ names }) => names));
  const rest = [...used.values()].map((name) =>
    covered.has(name) ? { ...name, permissions: lettersBeyond(name, folders) } : name,
  );
  return [
    ...folders.map(({ folder, permissions, names, others }) => ({
      section: "files" as const,
      line: `${formatLetters(permissions)} ${escapeName(folder)}/**`,
      because:
        `${names.length} names of this folder were used` +
        (others.length === 0 ? ", and nothing else is in it" : ""),
      needs: merged(names),
      wider: others.length,
      others,
    })),
    ...singleNames(
      rest.filter(({ permissions }) => permissions !== 0),
      used,
      tree,
    ),
  ];
}

function usedNames(policy: Policy, needs: readonly Need[]): Map<string, UsedName> {
  const used = new Map<string, UsedName>();
  const use = (path: string, permissions: PermissionSet, need: Need) => {
    if (!path.startsWith("/") || !isCanonicalName(path)) return;
    const name = used.get(path) ?? { path, permissions: 0, needs: new Set(), isMade: false };
    name.permissions |= permissions;
    name.isMade ||= (permissions & Permission.create) !== 0;
    name.needs.add(need);
    used.set(path, name);
  };
  const renames: { readonly from: string; readonly to: string; readonly need: Need }[] = [];
  for (const need of needs) {
    const { request } = need;
    if (request.class === "name") {
      // Sockets have lines of `network`.
      const letters = lettersOf(request) & ALL_LETTERS;
      if (letters !== 0) use(request.path, letters, need);
    } else if (request.class === "two-names" && !request.directory) {
      const { operation, from, to } = request as TwoNameRequest;
      use(to, Permission.create, need);
      if (operation === "rename") {
        use(from, Permission.delete, need);
        // The next time there is a file to replace, though there was none this time.
        use(to, Permission.delete, need);
      }
      renames.push({ from, to, need });
    }
  }
  giveBeforeRename(policy, used, renames, use);
  return used;
}

/**
 * An object may gain nothing by its new name (`gain`), so the old name needs the letters of the new
 * one, and so do the names before it in a chain of renames.
 */
function giveBeforeRename(
  policy: Policy,
  used: ReadonlyMap<string, UsedName>,
  renames: readonly { readonly from: string; readonly to: string; readonly need: Need }[],
  use: (path: string, permissions: PermissionSet, need: Need) => void,
): void {
  const ofObject = ALL_LETTERS & ~(Permission.create | Permission.delete);
  const grantedAt = answeredOnce((path) => permissionsOf(policy, path));
  const lettersAt = (path: string) => (used.get(path)?.permissions ?? 0) | grantedAt(path);
  const byTarget = new Map<string, (typeof renames)[number][]>();
  for (const one of renames) addTo(byTarget, one.to, one);
  const open = [...renames];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const { from, to, need } = one;
    const before = lettersAt(from);
    use(from, lettersAt(to) & ~before & ofObject, need);
    if (lettersAt(from) !== before) open.push(...(byTarget.get(from) ?? []));
  }
}

function lettersOf({ operation }: NameRequest): PermissionSet {
  // The kernel reads what it executes.
  return operation === "execute" ? Permission.execute | Permission.read : Permission[operation];
}

interface WholeFolder {
  readonly folder: string;
  readonly permissions: PermissionSet;
  readonly names: readonly UsedName[];
  /** Names in it that were not used. */
  readonly others: readonly string[];
}

/** The largest folders of which nearly everything is used. */
function wholeFolders(used: ReadonlyMap<string, UsedName>, tree: Tree): WholeFolder[] {
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
function mayBeWhole(folder: string): boolean {
  return (
    !isOfKernel(folder) && !shared.includes(folder) && !secret.includes(folder) && !isHome(folder)
  );
}

function isOfKernel(folder: string): boolean {
  return ["/proc", "/sys", "/dev"].some((top) => isWithin(folder, top));
}

function lettersBeyond(name: UsedName, folders: readonly WholeFolder[]): PermissionSet {
  return folders
    .filter(({ names }) => names.includes(name))
    .reduce((left, { permissions }) => left & ~permissions, name.permissions);
}

/** A line for each pattern, with the letters of all names that it is for. */
function singleNames(
  names: readonly UsedName[],
  used: ReadonlyMap<string, UsedName>,
  tree: Tree,
): Proposal[] {
  const byPattern = new Map<string, { because: string | null; names: UsedName[] }>();
  for (const name of names) {
    const { pattern, because } = shapeOf(name.path, {
      pids: [...name.needs].flatMap(({ pids }) => pids),
      isMade: name.isMade,
      isKnown: (path) => used.has(path) || tree.exists(path),
    });
    const group = byPattern.get(pattern) ?? { because, names: [] };
    group.names.push(name);
    byPattern.set(pattern, group);
  }
  return [...byPattern].map(([pattern, group]) => {
    const letters = formatLetters(group.names.reduce((all, one) => all | one.permissions, 0));
    const others = group.because === null ? [] : othersOf(pattern, used, tree);
    return {
      section: "files" as const,
      line: `${letters} ${pattern}`,
      because: group.because,
      needs: merged(group.names),
      wider: others?.length ?? null,
      others: others ?? [],
    };
  });
}

/**
 * Names of this host that a pattern reaches and nothing asked for; null if they are too many, or
 * the kernel makes them up.
 */
function othersOf(
  pattern: string,
  used: ReadonlyMap<string, UsedName>,
  tree: Tree,
): readonly string[] | null {
  const parsed = parsePattern(pattern);
  if ("problem" in parsed) return null;
  const folder = literalPrefix(parsed.pattern);
  if (folder === "/" || isOfKernel(folder)) return null;
  const isReached = (path: string) =>
    !used.has(path) && matches(parsed.pattern, bytesOfName(path), permissionLetters.r);
  return tree.below(folder, FOLDER_SIZE_MAX)?.filter(isReached) ?? null;
}

/** Many names lie in the same few folders. */
function listedOnce({ exists, below }: Tree): Tree {
  const known = new Map<string, readonly string[] | null>();
  return {
    exists,
    below(folder, max) {
      const before = known.get(folder);
      if (before !== undefined) return before;
      if (known.size >= FOLDERS_KEPT_MAX) known.clear();
      const names = below(folder, max);
      known.set(folder, names);
      return names;
    },
  };
}

function addTo<T>(groups: Map<string, T[]>, key: string, one: T): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [one]);
  else group.push(one);
}

function merged(names: readonly UsedName[]): readonly Need[] {
  return [...new Set(names.flatMap(({ needs }) => [...needs]))];
}
