import type { ListedProcess } from "./processes.ts";
import type { Run } from "./runs.ts";

/**
 * Runs of which somebody is left. The record of another one lies there until an agent sweeps it,
 * where its holder was killed; it is nobody's trouble any more.
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
