/**
 * Patterns of names: what they look like (`pattern/lex.ts`), what they mean
 * (`pattern/branches.ts`), and whether one covers a name (`pattern/match.ts`). The automaton is
 * compiled from the same branches, and matched differently.
 *
 *     *      any bytes within a component, also a leading dot
 *     **     any components, as a whole component; at the end also any bytes across `/`
 *     ?      one byte but `/`
 *     {a,b}  either
 *     [a-z]  one ASCII byte of these, [!a-z] one byte not of these, never `/`
 *     \*     the sign itself
 *     \x0a   the byte of that number, where no character can be written for it
 *
 * A name is bytes, so `?` is one byte of a longer UTF-8 character.
 */

export { escapeName } from "./pattern/escape-name.ts";
export { isLiteral, literalPrefix } from "./pattern/literal-prefix.ts";
export { coverage, matches } from "./pattern/match.ts";
export { alternatives, parsePattern } from "./pattern/parse.ts";
export type {
  ParsedPattern,
  Pattern,
  PatternProblem,
  PatternProblemCode,
} from "./pattern/types.ts";
