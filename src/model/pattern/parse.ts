import { PATTERN_BYTES_MAX, PATTERN_TOKENS_KEPT_MAX } from "../limits.ts";
import { branchesOf } from "./branches.ts";
import { checkAlternative } from "./check-alternative.ts";
import { expand } from "./expand.ts";
import { lex } from "./lex.ts";
import { type ParsedPattern, type Pattern, PatternRefusal } from "./types.ts";

/** UTF-16 units of one byte, written as an escape: `\x0a`. */
const ESCAPE_UNITS_MAX = 4;

const kept = new Map<string, ParsedPattern>();
let tokensKept = 0;

/** Total: a pattern or the first problem, whatever the text. Results are cached. */
export function parsePattern(text: string): ParsedPattern {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const parsed = read(text);
  const tokens = "problem" in parsed ? text.length : tokensOf(parsed.pattern);
  if (tokens > PATTERN_TOKENS_KEPT_MAX) return parsed;
  tokensKept += tokens;
  if (tokensKept > PATTERN_TOKENS_KEPT_MAX) {
    kept.clear();
    tokensKept = tokens;
  }
  kept.set(text, parsed);
  return parsed;
}

/** Includes what each pattern costs besides its tokens. */
function tokensOf({ text, branches }: Pattern): number {
  return branches.reduce((sum, { tokens }) => sum + tokens.length, text.length + 1);
}

function read(text: string): ParsedPattern {
  try {
    return { pattern: parse(text) };
  } catch (error) {
    if (error instanceof PatternRefusal) return { problem: error.problem };
    throw error;
  }
}

function parse(text: string): Pattern {
  if (text === "") throw new PatternRefusal("pattern-empty", 0, "an empty pattern names nothing");
  if (isTooLong(text)) {
    throw new PatternRefusal(
      "pattern-too-long",
      0,
      `the pattern is longer than ${PATTERN_BYTES_MAX} bytes`,
    );
  }
  const sequences = expand(lex(text));
  for (const atoms of sequences) checkAlternative(atoms);
  return {
    text,
    branches: sequences.flatMap((atoms) => branchesOf(atoms)),
    alternatives: sequences.map((atoms) => ({ atoms })),
  };
}

/** An escape counts as the byte that it stands for: every name that can be opened has a pattern. */
function isTooLong(text: string): boolean {
  // Every UTF-16 unit is at least one byte, so a huge text need not be encoded.
  if (text.length > PATTERN_BYTES_MAX * ESCAPE_UNITS_MAX) return true;
  const counted = text.replace(/\\(x[0-9A-Fa-f]{2}|[\0-\x7f])/g, "?");
  return new TextEncoder().encode(counted).length > PATTERN_BYTES_MAX;
}

/** Without braces, each again in the language of patterns. */
export function alternatives(pattern: Pattern): readonly string[] {
  return pattern.alternatives.map(({ atoms }) => atoms.map((atom) => atom.text).join(""));
}
