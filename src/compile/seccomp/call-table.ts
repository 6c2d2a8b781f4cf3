import { allow, refuse, type Verdict } from "../../kernel/system-calls/verdict.ts";
import type { CallRow } from "./call-row.ts";
import { confinementCalls } from "./calls/confinement.ts";
import { implicitCalls } from "./calls/implicit.ts";
import { ioctlCalls } from "./calls/ioctl.ts";
import { ipcCalls } from "./calls/ipc.ts";
import { metadataCalls } from "./calls/metadata.ts";
import { nameCalls } from "./calls/names.ts";
import { neverCalls } from "./calls/never.ts";
import { processCalls } from "./calls/processes.ts";
import { signalCalls } from "./calls/signals.ts";
import { socketCalls } from "./calls/sockets.ts";
import type { FilterContext } from "./filter-context.ts";

/**
 * Every system call that a sealed domain treats specially. A call without a row is allowed if
 * listed, else refused.
 */
export const callTable: readonly CallRow[] = [
  ...implicitCalls,
  ...neverCalls,
  ...confinementCalls,
  ...processCalls,
  ...signalCalls,
  ...nameCalls,
  ...metadataCalls,
  ...ioctlCalls,
  ...socketCalls,
  ...ipcCalls,
];

const byName: ReadonlyMap<string, CallRow> = new Map(
  callTable.flatMap((row) => row.calls.map((call) => [call, row])),
);

export function callRow(name: string): CallRow | null {
  return byName.get(name) ?? null;
}

/**
 * What the filter does with this call in this domain. An explicit denial beats every grant;
 * rows that never grant anything, and the launcher's own needs, come before it.
 */
export function callVerdict(name: string, context: FilterContext): Verdict {
  const row = callRow(name);
  if (row?.applies === "always" && row.class !== "ipc") return row.verdict(context);
  if (context.denied.has(name)) return refuse;
  if (row?.applies === "always") return row.verdict(context);
  if (!context.listed.has(name)) return refuse;
  return row?.verdict(context) ?? allow;
}
