import type { MembersSchema } from "../base/schema.ts";
import type { TokenRule } from "./rule.ts";
import type { Misuse } from "./rule-kind.ts";
import type { Decision } from "./verdict.ts";

/**
 * What a kind of rule means whose rules are single words, such as `ipc: [shm]`. Each kind is a
 * folder of `src/kinds/`; `src/kinds/model.ts` lists them. Whatever decides, suggests, explains,
 * logs or stores rules of words does it for every kind on that list, through this type.
 */
export interface WordKind<Token extends string, Request extends { readonly class: string }> {
  /** Of the kind's requests; also the operation by which `cofferdam explain` asks. */
  readonly class: Request["class"];
  /** The words, where they are a closed list; else null. */
  readonly words: readonly Token[] | null;
  /** A request as a record of the event log holds it. */
  readonly request: MembersSchema<Request>;
  /** `domain` is the name of the domain whose rules these are. */
  readonly decide: (
    rules: readonly TokenRule<Token>[],
    request: Request,
    domain: string,
  ) => Decision;
  /** The word that grants the request; null where none does. */
  readonly suggest: (request: Request) => string | null;
  /** What a request is about, for `cofferdam explain`: `a capability`. */
  readonly object: string;
  /** The request about this object. */
  readonly ask: (object: string) => Request | Misuse;
  /** The object of a request, as `ask` takes it. */
  readonly spell: (request: Request) => string;
  /**
   * Whether a domain that is granted these words has all that `token` grants; left out where each
   * word grants something else.
   */
  readonly includes?: (granted: ReadonlySet<string>, token: string) => boolean;
}

/** Whether a kind whose `words` these are has this one; where they are no closed list, it has. */
export function isWord<T extends string>(word: string, words: readonly T[] | null): word is T {
  return words === null || words.some((known) => known === word);
}

/** One of a closed list, or what to say where the word is none of them. */
export function oneOfWords<T extends string>(word: string, known: readonly T[]): T | Misuse {
  if (isWord(word, known)) return word;
  return { problem: `\`${word}\` is none of: ${known.join(", ")}`, help: "write one of these" };
}
