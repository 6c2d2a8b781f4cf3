import { bytesOfName } from "../model/name-bytes.ts";
import { escapeName, literalPrefix, matches, parsePattern } from "../model/pattern.ts";
import { formatLetters, permissionLetters } from "../model/permission.ts";
import type { Policy } from "../model/policy.ts";
import { shapeOf } from "./name-shape.ts";
import type { Need } from "./need.ts";
import type { Proposal } from "./proposal.ts";
import type { Tree } from "./tree.ts";
import { type UsedName, usedNames } from "./used-names.ts";
import { FOLDER_SIZE_MAX, isOfKernel, lettersBeyond, wholeFolders } from "./whole-folders.ts";

/** Folders whose names are remembered. */
const FOLDERS_KEPT_MAX = 16;

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

function merged(names: readonly UsedName[]): readonly Need[] {
  return [...new Set(names.flatMap(({ needs }) => [...needs]))];
}
