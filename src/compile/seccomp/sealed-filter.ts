import { all } from "../../kernel/syscalls.ts";
import type { SealedContext } from "../../kernel/system-calls/sealed-context.ts";
import { systemCall } from "../../kernel/system-calls/table.ts";
import {
  absent,
  allow,
  refuse,
  refuseAbsent,
  type Verdict,
} from "../../kernel/system-calls/verdict.ts";
import { encodeFilter } from "./encode-filter.ts";
import { keptFilters } from "./kept-filters.ts";

/**
 * The whole filter of a sealed domain as `struct sock_filter[]`. Equal contexts give equal bytes. A
 * number without a name is a call newer than this table: ENOSYS, as from an older kernel.
 */
export const buildSealedFilter: (context: SealedContext) => Uint8Array = keptFilters((context) => {
  const verdicts = new Map(all().map((name) => [name, sealedVerdict(name, context)]));
  return encodeFilter(verdicts, {
    foreign: refuseAbsent,
    unknown: absent,
    listener: context.listener,
  });
});

/** What the filter does with this call in this domain: an explicit denial beats every grant. */
export function sealedVerdict(name: string, context: SealedContext): Verdict {
  const call = systemCall(name);
  if (call === null) return refuse;
  const { sealed } = call;
  if (sealed?.list === "ignored") return sealed.verdict(context);
  if (context.denied.has(name)) return refuse;
  if (sealed?.list !== "may-deny" && !context.listed.has(name)) return refuse;
  return sealed === null ? allow : sealed.verdict(context);
}
