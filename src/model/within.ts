import { literalPrefix, parsePattern } from "./pattern.ts";

/** Both are absolute, without a final `/`. */
export function isWithin(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

/** Whether a rule that begins at `prefix` can apply to `path` or a name below it. */
export function mayReach(prefix: string, path: string): boolean {
  return isWithin(prefix, path) || isWithin(path, prefix);
}

/** The directory before a pattern's first wildcard; the unescaped pattern itself if it has none. */
export function prefixOf({ pattern }: { readonly pattern: string }): string {
  const parsed = parsePattern(pattern);
  return "problem" in parsed ? "/" : literalPrefix(parsed.pattern);
}
