import { all } from "../../kernel/syscalls.ts";
import { absent, refuseAbsent } from "../../kernel/system-calls/verdict.ts";
import { callVerdict } from "./call-table.ts";
import { encodeFilter } from "./encode-filter.ts";
import type { FilterContext } from "./filter-context.ts";
import { keptFilters } from "./kept-filters.ts";

/**
 * The whole filter of a sealed domain as `struct sock_filter[]`. Same context, same bytes.
 * A number without a name is a call newer than this table: ENOSYS, as an older kernel would say.
 */
export const buildFilter: (context: FilterContext) => Uint8Array = keptFilters((context) => {
  const verdicts = new Map(all().map((name) => [name, callVerdict(name, context)]));
  return encodeFilter(verdicts, {
    foreign: refuseAbsent,
    unknown: absent,
    listener: context.listener,
  });
});
