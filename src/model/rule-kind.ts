import type { MembersSchema } from "../base/schema.ts";
import type { Change } from "./change.ts";
import type { Source } from "./rule.ts";
import type { SealedView } from "./sealed-view/types.ts";
import type { Decision } from "./verdict.ts";

/** The arguments of `cofferdam explain` name no request. Says what is wrong, and what to write. */
export interface Misuse {
  readonly problem: string;
  readonly help: string;
}

/** A line under `files` or `network`, the two keys whose lines are not single words. */
export interface RuleLine {
  readonly section: "files" | "network";
  readonly line: string;
}

/** A grant that nearly applies, and in words why it does not. */
export interface Near {
  readonly source: Source;
  readonly why: string;
}

/**
 * The meaning of a kind of rule whose rules and requests have members of their own: names of files
 * and unix sockets, addresses, families of sockets. A kind whose rules are single words is a
 * `WordKind`.
 */
export interface RuleKind<Rule, Request extends { readonly class: string }> {
  /** The schema of a request in the event log. */
  readonly request: MembersSchema<Request>;
  /** `sealed`: what a sealed domain knows of the names of its start. */
  readonly decide: (rules: readonly Rule[], request: Request, sealed?: SealedView) => Decision;
  /**
   * The narrowest line with which these rules grant the request, with its section; null if none
   * does. No rule denies the request.
   */
  readonly suggest: (request: Request, rules: readonly Rule[]) => RuleLine | null;
  /** The grant that comes nearest to a request that none covers; null if none is near. */
  readonly nearest: (rules: readonly Rule[], request: Request) => Near | null;
  /** In the words of `cofferdam explain`. */
  readonly spell: (request: Request) => string;
  /**
   * What `decide` answers differently by `b` than by `a`: empty only if it answers every request
   * alike.
   */
  readonly changes: (a: readonly Rule[], b: readonly Rule[]) => readonly Change<Request>[];
}
