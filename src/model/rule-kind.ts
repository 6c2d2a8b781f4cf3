import type { MembersSchema } from "../base/schema.ts";
import type { Decision } from "./verdict.ts";

/** The words behind `cofferdam explain` are no request: what is wrong, and what to write. */
export interface Misuse {
  readonly problem: string;
  readonly help: string;
}

/**
 * What a kind of rule means whose rules and requests have members of their own: sockets by address,
 * sockets by family. A kind whose rules are single words is a `WordKind`.
 */
export interface RuleKind<Rule, Request extends { readonly class: string }> {
  /** A request as a record of the event log holds it. */
  readonly request: MembersSchema<Request>;
  readonly decide: (rules: readonly Rule[], request: Request) => Decision;
  /** The line under `network` that grants the request and nothing else; null where none does. */
  readonly suggest: (request: Request) => string | null;
  /** The request in the words with which `cofferdam explain` asks for it. */
  readonly spell: (request: Request) => string;
}
