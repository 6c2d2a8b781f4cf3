import { setTimeout } from "node:timers/promises";
import { listRuns } from "../../domains/runs.ts";
import { endOf, LogReader } from "../../events/log/reader.ts";
import { unitState } from "../../host/units/unit-state.ts";
import type { Context } from "../command.ts";
import { logFolder, orExplain } from "../events/read-log.ts";
import type { WatchedHost } from "./watch.ts";

/** This host. The log is read from its present end on. */
export function watchedHost(
  context: Context,
  domain: string,
  units: readonly string[],
): WatchedHost {
  const folder = logFolder(context);
  const reader = new LogReader(
    folder,
    orExplain(folder, () => endOf(folder)),
  );
  return {
    units: () => units.map(unitState),
    runs: () =>
      listRuns(context.places.system.runs)
        .filter((run) => run.domain === domain && run.daemonState === "alive")
        .map(({ pid }) => pid),
    log: (max) => orExplain(folder, () => reader.next(max)) ?? { records: [], missing: 0 },
    now: () => performance.now(),
    pause: unlessAborted,
  };
}

async function unlessAborted(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
