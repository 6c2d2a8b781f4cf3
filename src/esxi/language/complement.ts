import { escapeName } from "../../model/pattern.ts";

/**
 * Patterns of one component that together match every name but `names`: for each beginning of a
 * name, whatever goes on differently. The names are ASCII ({@link hasComplement}); without names:
 * `*`.
 */
export function otherNames(names: readonly string[]): readonly string[] {
  if (names.length === 0) return ["*"];
  const members = new Set(names);
  const beginnings = new Set(
    names.flatMap((name) => [...name].map((_, at) => name.slice(0, at)).concat(name)),
  );
  return [...beginnings].sort().flatMap((beginning) => {
    const next = [...beginnings].filter(
      (one) => one.length === beginning.length + 1 && one.startsWith(beginning),
    );
    const written = escapeName(beginning);
    const further =
      next.length === 0
        ? `${written}?*`
        : `${written}${notOneOf(next.map((one) => one.slice(-1)))}*`;
    // Neither is a name: no path ends there.
    const isName = !["", ".", ".."].includes(beginning);
    return isName && !members.has(beginning) ? [written, further] : [further];
  });
}

/** One byte that is none of these. */
function notOneOf(characters: readonly string[]): string {
  return `[!${characters.map((character) => (/\w/.test(character) ? character : `\\${character}`)).join("")}]`;
}

/** Names whose complement the pattern language can write: its classes hold ASCII alone. */
export function hasComplement(name: string): boolean {
  return /^[\x21-\x7e]+$/.test(name);
}
