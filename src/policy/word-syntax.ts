import type { TokenRule } from "../model/rule.ts";
import type { TokenLine } from "./1-parse/source.ts";
import type { Scope } from "./2-resolve/scope.ts";
import type { Check } from "./3-check/context.ts";
import type { Key } from "./key.ts";
import type { Vocabulary } from "./vocabulary.ts";

export interface WordContext {
  readonly scope: Scope;
  readonly vocabulary: Vocabulary;
  readonly file: string;
}

/**
 * How a kind of rule is written whose rules are single words: the language's half of a `WordKind`
 * (`model/word-kind.ts`).
 */
export interface WordSyntax<Token extends string> {
  /** Each line of the section is `[deny] WORD...`. */
  readonly key: Pick<Key, "summary" | "form" | "example" | "standard">;
  /** None after a diagnostic. */
  readonly resolve: (line: TokenLine<Token>, context: WordContext) => readonly TokenRule<Token>[];
  /** Rules that every domain has without writing them. */
  readonly always?: (context: WordContext) => readonly TokenRule<Token>[];
  /**
   * Words may stand for groups of others. If a denial takes a grant away, that is reported only if
   * the grant named the word itself.
   */
  readonly hasGroups?: true;
  /** Further checks of the section. */
  readonly check?: Check;
  /** A chapter of the reference, below the list of all words. */
  readonly chapter?: {
    readonly title: string;
    /** `groups`: the names of the groups of system calls. */
    readonly text: (groups: readonly string[]) => string;
  };
}
