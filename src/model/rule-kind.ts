import type { MembersSchema } from "../base/schema.ts";
import type { SealedView } from "./sealed-view/types.ts";
import type { Decision } from "./verdict.ts";

/** The words behind `cofferdam explain` are no request: what is wrong, and what to write. */
export interface Misuse {
  readonly problem: string;
  readonly help: string;
}

/**
 * What a kind of rule means whose rules and requests have members of their own: names of files and
 * unix sockets, addresses, families of sockets. A kind whose rules are single words is a
 * `WordKind`.
 */
export interface RuleKind<Rule, Request extends { readonly class: string }> {
  /** A request as a record of the event log holds it. */
  readonly request: MembersSchema<Request>;
  /** `sealed`: what a sealed domain knows of the names of its start. */
  readonly decide: (rules: readonly Rule[], request: Request, sealed?: SealedView) => Decision;
  /** The narrowest line that grants the request, and its section; null where none does. */
  readonly suggest: (request: Request) => {
    readonly section: "files" | "network";
    readonly line: string;
  } | null;
  /** The request in the words with which `cofferdam explain` asks for it. */
  readonly spell: (request: Request) => string;
}
