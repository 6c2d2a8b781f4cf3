import { all } from "../../kernel/syscalls.ts";
import { systemCall } from "../../kernel/system-calls/table.ts";
import { allow, notify, type Verdict } from "../../kernel/system-calls/verdict.ts";
import type { IpcKind } from "../../kinds/ipc/model.ts";
import { encodeFilter } from "./encode-filter.ts";
import { keptFilters } from "./kept-filters.ts";

/**
 * What the filter of a supervised domain takes from its policy: it stays as it is while the policy
 * changes.
 */
export interface SupervisedContext {
  /** Granted system calls: allowed tokens without the denied ones. */
  readonly listed: ReadonlySet<string>;
  readonly denied: ReadonlySet<string>;
  /** Kinds granted at the start. */
  readonly ipc: ReadonlySet<IpcKind>;
  /** Programs of its cgroup judge where its sockets connect and send to. */
  readonly destinationsHeld: boolean;
}

/**
 * The whole filter of a supervised domain: it decides nothing but what need not be asked. Foreign
 * architectures, x32 and calls newer than the table are notified too, so that warning can let them
 * go on.
 */
export const buildSupervisedFilter: (context: SupervisedContext) => Uint8Array = keptFilters(
  (context) => {
    const verdicts = new Map(all().map((name) => [name, supervisedVerdict(name, context)]));
    return encodeFilter(verdicts, { foreign: notify, unknown: notify, listener: true });
  },
);

/** What the filter does with this call in this domain. */
export function supervisedVerdict(
  name: string,
  { listed, denied, ipc, destinationsHeld }: SupervisedContext,
): Verdict {
  const call = systemCall(name);
  if (call === null) return notify;
  if (call.class === "untouchable") return allow;
  // A grant of the kind is a grant of its calls, as in a sealed domain.
  if (call.class === "ipc") {
    return call.operation === "use" && ipc.has(call.kind) && !denied.has(name) ? allow : notify;
  }
  if (!listed.has(name)) return notify;
  if (destinationsHeld && call.class === "address" && call.permission === "connect") return allow;
  return call.supervised.verdict;
}
