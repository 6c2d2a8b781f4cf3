import { escapeName } from "../../model/pattern.ts";
import { hasComplement, otherNames } from "./complement.ts";

/**
 * What is at a path on this host. It decides whether a rule for the path means the name itself,
 * everything below it, or both.
 */
export type PathKind = "directory" | "file" | "device" | "absent";

export interface PathRule {
  readonly path: string;
  /**
   * Some of r, w and x. Empty: denies everything below the path that a more specific rule does not
   * grant.
   */
  readonly letters: string;
}

/** Patterns for a `files` or `network` line. */
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
 * In ESXi's rules the most specific path counts; in Cofferdam's, deny beats allow. Translates the
 * first into the second. If a path lacks a letter that a path above it has, it gets a deny. That
 * deny must not match more specific paths that have the letter again, so its patterns match all
 * other names.
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

/**
 * The first path that a deny must not match and no pattern can leave out; null if there is none.
 */
export function unsparable(rules: readonly PathRule[]): string | null {
  const all = new Set(rules.map(({ path }) => path));
  const nested = rules.filter(({ path }) => above(path).some((one) => all.has(one)));
  return nested.find(({ path }) => !path.split("/").slice(1).every(hasComplement))?.path ?? null;
}

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

/** The nearest nodes below that have the letter by a rule of their own. */
function topmost(node: Node, letter: string): readonly Node[] {
  return [...node.children.values()].flatMap((child) =>
    child.letters?.includes(letter) ? [child] : topmost(child, letter),
  );
}

function whole(path: string, kindOf: (path: string) => PathKind): readonly string[] {
  if (path === "/") return ["/**"];
  const written = escapePath(path);
  const kind = kindOf(path);
  if (kind === "directory") return [`${written}/**`];
  return kind === "absent" ? [written, `${written}/**`] : [written];
}

/** The node and everything below it, without the subtrees `spared`. */
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

/** A pattern that matches this path only. */
export function escapePath(path: string): string {
  return path.split("/").map(escapeName).join("/");
}
