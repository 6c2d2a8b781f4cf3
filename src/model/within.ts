import { literalPrefix, parsePattern } from "./pattern.ts";

/** Whether `path` is `folder` or lies below it; both absolute, without a `/` at the end. */
export function isWithin(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

/** Whether a rule that begins at `prefix` can speak about `path` or a name below it. */
export function mayReach(prefix: string, path: string): boolean {
  return isWithin(prefix, path) || isWithin(path, prefix);
}

/**
 * Where the choice of a rule's pattern begins; the pattern itself, unescaped, where there is none.
 */
export function prefixOf({ pattern }: { readonly pattern: string }): string {
  const parsed = parsePattern(pattern);
  return "problem" in parsed ? "/" : literalPrefix(parsed.pattern);
}
