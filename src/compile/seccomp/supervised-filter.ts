import { all } from "../../kernel/syscalls.ts";
import { isJudged } from "../../kernel/system-calls/columns.ts";
import { systemCall, wordUsesOf } from "../../kernel/system-calls/table.ts";
import { allow, notify, type Verdict } from "../../kernel/system-calls/verdict.ts";
import { type GrantedWords, namesWord } from "../../kinds/model.ts";
import { encodeFilter } from "./encode-filter.ts";
import { keptFilters } from "./kept-filters.ts";

/** The filter does not change with the policy. */
export interface SupervisedContext {
  readonly listed: ReadonlySet<string>;
  readonly denied: ReadonlySet<string>;
  /** Of the kinds that calls ask for (`kinds/kernel.ts`), as granted at the start. */
  readonly words: GrantedWords;
  /** Programs of its cgroup judge where its sockets connect and send to. */
  readonly destinationsHeld: boolean;
}

/**
 * Decides only what needs no mediator. Foreign architectures, x32 and calls newer than the table
 * are notified, too, so that warning can let them go on.
 */
export const buildSupervisedFilter: (context: SupervisedContext) => Uint8Array = keptFilters(
  (context) => {
    const verdicts = new Map(all().map((name) => [name, supervisedVerdict(name, context)]));
    return encodeFilter(verdicts, { foreign: notify, unknown: notify, listener: true });
  },
);

/** A use that asks for a word is notified unless the policy grants the word at the start. */
export function supervisedVerdict(name: string, context: SupervisedContext): Verdict {
  return wordUsesOf(name)
    .filter(({ asks }) => !namesWord(context.words, asks))
    .reduce((no, use) => use.verdict(notify, no), verdictOfRow(name, context));
}

function verdictOfRow(name: string, context: SupervisedContext): Verdict {
  const { listed, denied, words, destinationsHeld } = context;
  const call = systemCall(name);
  if (call === null) return notify;
  const { verdict } = call.supervised;
  if (call.class === "untouchable") return allow;
  // A grant of the word is a grant of the calls that ask for it, as in a sealed domain.
  const named = { listed: listed.has(name), denied: denied.has(name) };
  if (!isJudged(call.supervised, named)) return notify;
  if (destinationsHeld && call.class === "address" && call.permission === "connect") return allow;
  const isGranted = "asks" in call && namesWord(words, call.asks);
  return isGranted ? (call.ifGranted ?? verdict) : verdict;
}
