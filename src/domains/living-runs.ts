import type { ListedProcess } from "./processes.ts";
import type { Run } from "./runs.ts";

/**
 * Runs that still have a process. If a run has none and its holder was killed, its record stays
 * until an agent sweeps it, and does no harm.
 */
export function livingRuns(
  runs: readonly Run[],
  processes: readonly ListedProcess[],
): readonly Run[] {
  const held = processes.flatMap(({ confinement }) =>
    typeof confinement === "string" ? [] : [confinement],
  );
  const isLeft = ({ pid, domain }: Run): boolean =>
    held.some((one) => one.domain === domain && (one.run === pid || one.run === null));
  return runs.filter((run) => run.daemonState === "alive" || isLeft(run));
}
