import { bytesOfName } from "../model/name-bytes.ts";
import { escapeName, literalPrefix, matches, parsePattern } from "../model/pattern.ts";
import { formatLetters, Permission, permissionLetters } from "../model/permission.ts";
import type { Policy } from "../model/policy.ts";
import { shapeOf } from "./name-shape.ts";
import type { Need } from "./need.ts";
import type { Proposal } from "./proposal.ts";
import type { Tree } from "./tree.ts";
import { type UsedName, usedNames } from "./used-names.ts";
import {
  FOLDER_SIZE_MAX,
  isOfKernel,
  lettersBeyond,
  listedFolders,
  mayBeWhole,
  type WholeFolder,
  wholeFolders,
} from "./whole-folders.ts";

/** Folders whose names are remembered. */
const FOLDERS_KEPT_MAX = 16;

/**
 * Lines of `files` for what was asked of names; a folder is granted only if nearly all is used.
 * `exactly`: each of these names as it was asked for.
 */
export function fileLines(
  policy: Policy,
  needs: readonly Need[],
  host: Tree,
  exactly: ((path: string) => boolean) | null = null,
): Proposal[] {
  const tree = listedOnce(host);
  const used = usedNames(policy, needs);
  if (exactly !== null)
    return [...used.values()].filter(({ path }) => exactly(path)).map(exactLine);
  const whole = wholeFolders(used, tree);
  const listed = policy.mediation === "sealed" ? listedFolders(used, tree, whole) : [];
  const folders = [...whole, ...listed];
  const covered = new Set(folders.flatMap(({ names }) => names));
  const rest = [...used.values()].map((name) =>
    covered.has(name) ? { ...name, permissions: lettersBeyond(name, folders) } : name,
  );
  return [
    ...whole.map((one) => {
      const nothing = one.others.length === 0 ? ", and nothing else is in it" : "";
      return wholeLine(one, `${one.names.length} names of this folder were used${nothing}`);
    }),
    ...listed.map((one) => wholeLine(one, LISTED)),
    ...singleNames(
      rest.filter(({ permissions }) => permissions !== 0),
      used,
      tree,
    ),
  ];
}

const LISTED = "it is listed, which a sealed domain can only where it may read all that is there";

function wholeLine({ folder, permissions, names, others }: WholeFolder, because: string): Proposal {
  const line = `${formatLetters(permissions)} ${escapeName(folder)}/**`;
  return {
    ...{ section: "files", line, because },
    ...{ needs: merged(names), wider: others.length, others },
  };
}

function exactLine({ path, permissions, needs }: UsedName): Proposal {
  const line = `${formatLetters(permissions)} ${escapeName(path)}`;
  return { section: "files", line, because: null, needs: [...needs], wider: 0 };
}

/**
 * Everything in the one folder that all these names are in, with the letters of all; null if there
 * is no such folder, or if programs would be in it.
 */
export function folderLine(
  policy: Policy,
  needs: readonly Need[],
  host: Tree,
  isMeant: (path: string) => boolean,
): Proposal | null {
  const used = usedNames(policy, needs);
  const names = [...used.values()].filter(({ path }) => isMeant(path));
  const folders = new Set(names.map(({ path }) => path.slice(0, path.lastIndexOf("/"))));
  const [folder = ""] = folders;
  const permissions = names.reduce((all, name) => all | name.permissions, 0);
  const isRun = (permissions & (Permission.execute | Permission.map)) !== 0;
  if (folders.size !== 1 || folder === "" || isRun || !mayBeWhole(folder)) return null;
  const others = host.below(folder, FOLDER_SIZE_MAX)?.filter((path) => !used.has(path)) ?? null;
  return {
    section: "files",
    line: `${formatLetters(permissions)} ${escapeName(folder)}/**`,
    because: "everything in the folder, whatever is in it later",
    needs,
    wider: others?.length ?? null,
    others: others ?? [],
  };
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
      isRun: (name.permissions & (Permission.execute | Permission.map)) !== 0,
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
function listedOnce({ below, ...others }: Tree): Tree {
  const known = new Map<string, readonly string[] | null>();
  return {
    ...others,
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

function merged(names: readonly UsedName[]): readonly Need[] {
  return [...new Set(names.flatMap(({ needs }) => [...needs]))];
}
