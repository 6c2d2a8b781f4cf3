/**
 * Where in a name the next byte stands. Together with the automaton this leaves only names that the
 * kernel takes literally: absolute, without `//`, `/./`, `/../` and a slash at the end; or
 * abstract, written with `@`.
 */
export type Context = "start" | "slash" | "dot" | "dots" | "component" | "abstract";

const SLASH = 0x2f;
const DOT = 0x2e;
const AT = 0x40;

/**
 * The context after `byte`, or null when no granted name goes on so. `writable`: the domain may
 * create or remove the name up to here, so nothing below it is what it seems.
 */
export function nameContext(context: Context, byte: number, writable: boolean): Context | null {
  // A pathname ends at its first NUL; an abstract name may hold some, but no rule can spell them.
  if (byte === 0) return null;
  if (context === "abstract") return "abstract";
  if (context === "start") return byte === SLASH ? "slash" : byte === AT ? "abstract" : null;
  if (byte === SLASH) return context === "component" && !writable ? "slash" : null;
  if (byte === DOT && context === "slash") return "dot";
  if (byte === DOT && context === "dot") return "dots";
  return "component";
}
