import type { Member } from "./membership.ts";
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
  return runs.filter(
    (run) => run.daemonState === "alive" || held.some((one) => mayBelongTo(run, one)),
  );
}

/** A process without a run may belong to any run of its domain. */
export function mayBelongTo({ pid, domain }: Run, member: Member): boolean {
  return member.domain === domain && (member.run === pid || member.run === null);
}
