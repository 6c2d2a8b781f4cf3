import type { TokenRule } from "../model/rule.ts";
import type { TokenLine } from "./1-parse/source.ts";
import type { Scope } from "./2-resolve/scope.ts";
import type { Check } from "./3-check/context.ts";
import type { Key } from "./key.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What resolving a word may need. */
export interface WordContext {
  readonly scope: Scope;
  readonly vocabulary: Vocabulary;
  /** The domain's own file. */
  readonly file: string;
}

/**
 * How a kind of rule is written whose rules are single words: the language's half of a
 * `WordKind` (`model/word-kind.ts`).
 */
export interface WordSyntax<Token extends string> {
  /** The section's entry in the language; each line is `[deny] WORD...`. */
  readonly key: Pick<Key, "summary" | "form" | "example" | "standard">;
  /** The rules that a written word stands for; none after a complaint. */
  readonly resolve: (line: TokenLine<Token>, context: WordContext) => readonly TokenRule<Token>[];
  /** Rules that every domain has without writing them. */
  readonly always?: (context: WordContext) => readonly TokenRule<Token>[];
  /**
   * Words may stand for groups of others: a grant that a denial takes away is a mistake only where
   * its own word was written.
   */
  readonly hasGroups?: true;
  /** What else `check` has to say about the section. */
  readonly check?: Check;
  /** What the reference says of the words, below the titles of all kinds that have a chapter. */
  readonly chapter?: {
    readonly title: string;
    /** `groups`: the names of the groups of system calls. */
    readonly text: (groups: readonly string[]) => string;
  };
}
