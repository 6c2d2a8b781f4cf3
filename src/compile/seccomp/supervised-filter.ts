import { all } from "../../kernel/syscalls.ts";
import { systemCall } from "../../kernel/system-calls/table.ts";
import { allow, notify, type Verdict } from "../../kernel/system-calls/verdict.ts";
import { type GrantedWords, namesWord } from "../../kinds/model.ts";
import { encodeFilter } from "./encode-filter.ts";
import { keptFilters } from "./kept-filters.ts";

/**
 * What the filter of a supervised domain takes from its policy. The filter does not change with the
 * policy.
 */
export interface SupervisedContext {
  /** Granted system calls: allowed tokens without the denied ones. */
  readonly listed: ReadonlySet<string>;
  readonly denied: ReadonlySet<string>;
  /** Words granted at the start, of the kinds that calls ask for (`kinds/kernel.ts`). */
  readonly words: GrantedWords;
  /** Programs of its cgroup judge where its sockets connect and send to. */
  readonly destinationsHeld: boolean;
}

/**
 * The whole filter of a supervised domain. It decides only where the mediator need not. Foreign
 * architectures, x32 and calls newer than the table are notified, too, so that warning can let them
 * go on.
 */
export const buildSupervisedFilter: (context: SupervisedContext) => Uint8Array = keptFilters(
  (context) => {
    const verdicts = new Map(all().map((name) => [name, supervisedVerdict(name, context)]));
    return encodeFilter(verdicts, { foreign: notify, unknown: notify, listener: true });
  },
);

/** What the filter does with this call in this domain. */
export function supervisedVerdict(name: string, context: SupervisedContext): Verdict {
  const { listed, denied, words, destinationsHeld } = context;
  const call = systemCall(name);
  if (call === null) return notify;
  const { verdict, unlistedToo } = call.supervised;
  if (call.class === "untouchable") return allow;
  // A grant of the word is a grant of the calls that ask for it, as in a sealed domain.
  const isListed = unlistedToo === "unless-denied" ? !denied.has(name) : listed.has(name);
  if (!isListed) return notify;
  if (destinationsHeld && call.class === "address" && call.permission === "connect") return allow;
  const isGranted = "asks" in call && namesWord(words, call.asks);
  return isGranted ? (call.ifGranted ?? verdict) : verdict;
}
