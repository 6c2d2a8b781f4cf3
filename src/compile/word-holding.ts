import type { HostFacts } from "../kernel/host-facts.ts";
import type { Level } from "../model/level.ts";
import type { TokenRule } from "../model/rule.ts";
import type { PlanReport } from "../plan/plan.ts";

export type Layer = PlanReport["layers"][number];

/**
 * What the two ways of holding a domain make of a kind's rules on a host: the compiler's half of a
 * `WordKind` (`model/word-kind.ts`). Without a member the domain has all that is granted.
 */
export interface WordHolding<Token extends string> {
  readonly sealed?: {
    /** Of these rules those that a sealed domain has. */
    readonly rules?: (
      rules: readonly TokenRule<Token>[],
      facts: HostFacts,
    ) => readonly TokenRule<Token>[];
    /** Why it lacks the others. */
    readonly whyLost?: string;
    /** What `plan` says of the kind; `held`: the words that the domain has. */
    readonly layers?: (held: ReadonlySet<string>) => readonly Layer[];
  };
  /** The same of a supervised domain, whose policy may change while it runs. */
  readonly supervised?: {
    readonly rules?: (
      rules: readonly TokenRule<Token>[],
      facts: HostFacts,
      level: Level,
    ) => readonly TokenRule<Token>[];
    readonly layers?: (held: ReadonlySet<string>, level: Level) => readonly Layer[];
  };
}
