import { readFileSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { unlessGone } from "../../kernel/unless-gone.ts";
import type { Plan } from "../../plan/plan.ts";

/**
 * The id of a run's own control group, found through its daemon's thread `tid`: directly below the
 * plan's anchor, or below a group of the anchor's name in a systemd unit. null if it has none.
 */
export function runGroup({ cgroup }: Pick<Plan, "cgroup">, tid: number): bigint | null {
  const anchor = cgroup?.anchor ?? "";
  const text = unlessGone(() => readFileSync(`/proc/${tid}/cgroup`, "latin1")) ?? "";
  const [, above = "", name] = /^0::(\/.*)\/([^/\n]+\/\d+)$/m.exec(text) ?? [];
  const [group, run] = name?.split("/") ?? [];
  if (run === undefined || group !== basename(anchor)) return null;
  const unit = above.endsWith(".service/cofferdam") ? dirname(dirname(anchor)) + above : null;
  const path = unit === null ? `${anchor}/${run}` : `${unit}/${name}`;
  return unlessGone(() => statSync(path, { bigint: true }).ino);
}
