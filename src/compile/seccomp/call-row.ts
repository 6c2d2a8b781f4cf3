import type { Verdict } from "../../kernel/system-calls/verdict.ts";
import type { FilterContext } from "./filter-context.ts";

export type CallClass =
  | "names"
  | "metadata"
  | "ioctl"
  | "sockets"
  | "ipc"
  | "processes"
  | "signals"
  | "confinement"
  | "implicit"
  | "never";

/** One kind of system call that is not simply allowed when listed. */
export interface CallRow {
  readonly calls: readonly string[];
  readonly class: CallClass;
  /**
   * `listed`: judged by `verdict` when the policy lists the call, else refused. `always`: the list
   * does not matter.
   */
  readonly applies: "listed" | "always";
  /** Why it is special, as a sentence for `docs/seccomp.md`. */
  readonly why: string;
  readonly verdict: (context: FilterContext) => Verdict;
}
