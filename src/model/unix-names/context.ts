/**
 * The position of the next byte within a name. Together with the automaton this leaves only names
 * that the kernel takes literally: absolute, without `//`, `/./`, `/../` and a final slash; or
 * abstract, written with `@`.
 */
export type Context = "start" | "slash" | "dot" | "dots" | "component" | "abstract";

const SLASH = 0x2f;
const DOT = 0x2e;
const AT = 0x40;

/**
 * null if no granted name continues so. `writable`: the domain may create or remove the name up to
 * here, so a name below it may lead elsewhere.
 */
export function nameContext(context: Context, byte: number, writable: boolean): Context | null {
  // A pathname ends at its first NUL. An abstract name may contain NULs, but no rule can spell
  // them.
  if (byte === 0) return null;
  if (context === "abstract") return "abstract";
  if (context === "start") return byte === SLASH ? "slash" : byte === AT ? "abstract" : null;
  if (byte === SLASH) return context === "component" && !writable ? "slash" : null;
  if (byte === DOT && context === "slash") return "dot";
  if (byte === DOT && context === "dot") return "dots";
  return "component";
}
