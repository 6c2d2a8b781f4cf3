import { all } from "../../kernel/syscalls.ts";
import type { SealedContext } from "../../kernel/system-calls/sealed-context.ts";
import { systemCall, wordUsesOf } from "../../kernel/system-calls/table.ts";
import {
  absent,
  allow,
  refuse,
  refuseAbsent,
  type Verdict,
} from "../../kernel/system-calls/verdict.ts";
import { namesWord } from "../../kinds/model.ts";
import { encodeFilter } from "./encode-filter.ts";
import { keptFilters } from "./kept-filters.ts";

/**
 * Equal contexts give equal bytes. A number without a name is a call newer than this table: ENOSYS,
 * as from an older kernel.
 */
export const buildSealedFilter: (context: SealedContext) => Uint8Array = keptFilters((context) => {
  const verdicts = new Map(all().map((name) => [name, sealedVerdict(name, context)]));
  return encodeFilter(verdicts, {
    foreign: refuseAbsent,
    unknown: absent,
    listener: context.listener,
  });
});

export function sealedVerdict(name: string, context: SealedContext): Verdict {
  return wordUsesOf(name)
    .filter(({ asks }) => !namesWord(context.words, asks))
    .reduce((no, use) => use.verdict(refuse, no), verdictOfRow(name, context));
}

/** An explicit denial beats every grant. */
function verdictOfRow(name: string, context: SealedContext): Verdict {
  const call = systemCall(name);
  if (call === null) return refuse;
  const { sealed } = call;
  if (sealed?.list === "ignored") return sealed.verdict(context);
  if (context.denied.has(name)) return refuse;
  if (sealed?.list !== "may-deny" && !context.listed.has(name)) return refuse;
  return sealed === null ? allow : sealed.verdict(context);
}
