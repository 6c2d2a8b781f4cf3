import type { MembersSchema } from "../base/schema.ts";
import type { TokenRule } from "./rule.ts";
import type { Misuse } from "./rule-kind.ts";
import type { Decision } from "./verdict.ts";

/**
 * What a kind of rule means whose rules are single words, such as `ipc: [shm]`. Each kind is a
 * folder of `src/kinds/`; `src/kinds/model.ts` lists them. Code that decides, suggests, explains,
 * logs or stores rules of words treats every kind on that list through this type.
 */
export interface WordKind<Token extends string, Request extends { readonly class: string }> {
  /** Also the operation of `cofferdam explain`. */
  readonly class: Request["class"];
  /** null if the words are no closed list. */
  readonly words: readonly Token[] | null;
  /** The schema of a request in the event log. */
  readonly request: MembersSchema<Request>;
  /** `domain` is the name of the domain whose rules these are. */
  readonly decide: (
    rules: readonly TokenRule<Token>[],
    request: Request,
    domain: string,
  ) => Decision;
  /** The word that grants the request; null if none does. `sealed`: as a sealed domain takes it. */
  readonly suggest: (request: Request, sealed: boolean) => string | null;
  /** For `cofferdam explain`, e.g. `a capability`. */
  readonly object: string;
  readonly ask: (object: string) => Request | Misuse;
  /** As `ask` takes it. */
  readonly spell: (request: Request) => string;
  /**
   * Requests that stand for all others: two policies that name only the words `named`, and decide
   * these requests alike, decide every request alike.
   */
  readonly representatives: (named: ReadonlySet<string>) => readonly Representative<Request>[];
  /**
   * Whether a domain that is granted these words has all that `token` grants. By default each word
   * grants something else.
   */
  readonly includes?: (granted: ReadonlySet<string>, token: string) => boolean;
}

export interface Representative<Request> {
  /** The word that a policy would say. */
  readonly line: string;
  readonly request: Request;
}

/** True also if the kind's words are no closed list. */
export function isWord<T extends string>(word: string, words: readonly T[] | null): word is T {
  return words === null || words.some((known) => known === word);
}

/** A word of a closed list, or what to say about an unknown one. */
export function oneOfWords<T extends string>(word: string, known: readonly T[]): T | Misuse {
  if (isWord(word, known)) return word;
  return { problem: `\`${word}\` is none of: ${known.join(", ")}`, help: "write one of these" };
}
