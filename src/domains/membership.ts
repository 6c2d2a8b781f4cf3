import { ownCofferdamGroup, placeInCgroups } from "./cgroup-path.ts";
import { readProc } from "./proc-stat.ts";
import { HOST_RUNS, readRunRecord } from "./runs.ts";

export interface Member {
  readonly domain: string;
  /** null if the domain has none, or the run's record is gone. */
  readonly number: number | null;
  /**
   * Process id of the run's daemon; null for a process that was moved into the domain's group from
   * outside.
   */
  readonly run: number | null;
}

/**
 * `superDom`: in no domain of root's. `unknown`: the process is gone or hidden, or the host has no
 * control groups version 2.
 */
export type Membership = Member | "superDom" | "unknown";

/**
 * One read of `/proc/PID/cgroup`, and for a member one readlink. No process can forge it, because
 * no domain may write control groups. The runs of ordinary users have no group and count as
 * `superDom`: to root's domains they are outside. `ancestry.ts` finds them for `ps`.
 */
export function domainOfProcess(pid: number, runs: string = HOST_RUNS): Membership {
  const group = ownCofferdamGroup();
  const text = group === null ? null : readProc(`/proc/${pid}/cgroup`);
  if (group === null || text === null) return "unknown";
  const place = placeInCgroups(text, group);
  if (place === null) return "superDom";
  const record = place.run === null ? null : readRunRecord(runs, place.run);
  return { ...place, number: record?.domain === place.domain ? record.number : null };
}
