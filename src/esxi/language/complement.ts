import { escapeName } from "../../model/pattern.ts";

/**
 * Patterns of one path component that together match every name but `names`: for each prefix of a
 * name, every different continuation; `*` if there are no names. The names must be ASCII ({@link
 * hasComplement}).
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
    // No path ends in an empty name, `.` or `..`.
    const isName = !["", ".", ".."].includes(beginning);
    return isName && !members.has(beginning) ? [written, further] : [further];
  });
}

/** A pattern for one byte that is none of these. */
function notOneOf(characters: readonly string[]): string {
  const escaped = characters.map((character) =>
    /\w/.test(character) ? character : `\\${character}`,
  );
  return `[!${escaped.join("")}]`;
}

/**
 * The pattern language can match all other names only for ASCII names, because its classes contain
 * only ASCII.
 */
export function hasComplement(name: string): boolean {
  return /^[\x21-\x7e]+$/.test(name);
}
