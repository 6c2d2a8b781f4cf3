import { existsSync } from "node:fs";
import { type DenialCounts, denialCounts } from "../compile/cgroup/denials.ts";
import type { Places } from "./places.ts";
import { readyPlans } from "./ready-plans.ts";

/** A number since the cgroup was made; events tell which calls. */
export interface RefusedSockets {
  readonly anchor: string;
  readonly counts: DenialCounts;
}

/**
 * One entry per existing cgroup of the domain. Only root can read them; for others the list is
 * empty.
 */
export function refusedSockets(places: Places, domain: string): readonly RefusedSockets[] {
  if (process.geteuid?.() !== 0) return [];
  // A cgroup without programs only identifies processes, and counts nothing.
  const judging = readyPlans(places, domain).flatMap(({ plan }) =>
    plan.cgroup?.programs.length ? [plan.cgroup] : [],
  );
  const anchors = judging.map(({ anchor }) => anchor);
  return [...new Set(anchors)]
    .filter((anchor) => existsSync(anchor))
    .map((anchor) => ({ anchor, counts: denialCounts(anchor) }));
}
