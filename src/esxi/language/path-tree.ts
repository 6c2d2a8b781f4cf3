import { escapeName } from "../../model/pattern.ts";
import { hasComplement, otherNames } from "./complement.ts";

/**
 * What lies under a path on this host: decides whether a rule for it means the name itself, what is
 * below it, or both.
 */
export type PathKind = "directory" | "file" | "device" | "absent";

export interface PathRule {
  readonly path: string;
  /** Out of r, w and x; none: nothing may be done below it, but what more specific rules say. */
  readonly letters: string;
}

/** Patterns as a `files` or `network` line takes them. */
export interface Grant {
  readonly effect: "allow" | "deny";
  /** One of r, w and x. */
  readonly letter: string;
  readonly patterns: readonly string[];
}

interface Node {
  readonly path: string;
  readonly letters: string | null;
  readonly children: Map<string, Node>;
}

/**
 * Rules of which the most specific path counts, as grants in which deny beats allow: a path that
 * lacks a letter which one above it has denies it, but not to the more specific paths that have it
 * again. Those are spared by patterns for all other names.
 */
export function grantsOf(
  rules: readonly PathRule[],
  kindOf: (path: string) => PathKind,
): readonly Grant[] {
  const root = treeOf(rules);
  return [..."rwx"].flatMap((letter) => {
    const grants: Grant[] = [];
    const walk = (node: Node, granted: boolean): void => {
      const has = node.letters === null ? granted : node.letters.includes(letter);
      if (has && !granted)
        grants.push({ effect: "allow", letter, patterns: whole(node.path, kindOf) });
      if (granted && !has) {
        const spared = topmost(node, letter);
        grants.push({
          effect: "deny",
          letter,
          patterns: spared.length > 0 ? around(node, spared) : whole(node.path, () => "absent"),
        });
        for (const one of spared) walkBelow(one, true);
      } else walkBelow(node, has);
    };
    const walkBelow = (node: Node, granted: boolean): void => {
      for (const child of node.children.values()) walk(child, granted);
    };
    walk(root, false);
    return grants;
  });
}

/** The first path that a deny would have to spare and no pattern can, or null. */
export function unsparable(rules: readonly PathRule[]): string | null {
  const all = new Set(rules.map(({ path }) => path));
  const nested = rules.filter(({ path }) => above(path).some((one) => all.has(one)));
  return nested.find(({ path }) => !path.split("/").slice(1).every(hasComplement))?.path ?? null;
}

/** Every path above this one. */
function above(path: string): readonly string[] {
  const names = path.split("/").slice(1, -1);
  return path === "/" ? [] : ["/", ...names.map((_, at) => `/${names.slice(0, at + 1).join("/")}`)];
}

function isBelow(path: string, above: string): boolean {
  return above === "/" || path.startsWith(`${above}/`);
}

function treeOf(rules: readonly PathRule[]): Node {
  const letters = new Map(rules.map((rule) => [rule.path, rule.letters]));
  const node = (path: string): Node => ({
    path,
    letters: letters.get(path) ?? null,
    children: new Map(),
  });
  const root = node("/");
  for (const { path } of rules) {
    let at = root;
    for (const name of path.split("/").filter((component) => component !== "")) {
      const child =
        at.children.get(name) ?? node(at.path === "/" ? `/${name}` : `${at.path}/${name}`);
      at.children.set(name, child);
      at = child;
    }
  }
  return root;
}

/** The nearest paths below a node that have the letter by a rule of their own. */
function topmost(node: Node, letter: string): readonly Node[] {
  return [...node.children.values()].flatMap((child) =>
    child.letters?.includes(letter) ? [child] : topmost(child, letter),
  );
}

/** The path itself and all below it. */
function whole(path: string, kindOf: (path: string) => PathKind): readonly string[] {
  if (path === "/") return ["/**"];
  const written = escapePath(path);
  const kind = kindOf(path);
  if (kind === "directory") return [`${written}/**`];
  return kind === "absent" ? [written, `${written}/**`] : [written];
}

/** The node and everything below it, but the subtrees of `spared`. */
function around(node: Node, spared: readonly Node[]): readonly string[] {
  const prefix = node.path === "/" ? "" : escapePath(node.path);
  const onTheWay = [...node.children].filter(([, child]) =>
    spared.some(({ path }) => path === child.path || isBelow(path, child.path)),
  );
  const others = otherNames(onTheWay.map(([name]) => name)).flatMap((name) => [
    `${prefix}/${name}`,
    `${prefix}/${name}/**`,
  ]);
  const deeper = onTheWay
    .filter(([, child]) => !spared.includes(child))
    .flatMap(([, child]) => around(child, spared));
  return [...(prefix === "" ? [] : [prefix]), ...others, ...deeper];
}

/** The narrowest pattern for a path. */
export function escapePath(path: string): string {
  return path.split("/").map(escapeName).join("/");
}
