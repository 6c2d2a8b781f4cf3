import { readFileSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { anchorNames } from "../../domains/cgroup-path.ts";
import { unlessGone } from "../../kernel/unless-gone.ts";
import type { Plan } from "../../plan/plan.ts";

/**
 * The id of a run's own control group, found through its daemon's thread `tid`: directly below the
 * plan's anchor or the domain's anchor without programs, or below a group of such a name in a
 * systemd unit. null if it has none.
 */
export function runGroup({ cgroup }: Pick<Plan, "cgroup">, tid: number): bigint | null {
  const anchor = cgroup?.anchor ?? "";
  const text = unlessGone(() => readFileSync(`/proc/${tid}/cgroup`, "latin1")) ?? "";
  const [, above = "", name] = /^0::(\/.*)\/([^/\n]+\/\d+)$/m.exec(text) ?? [];
  const [group = "", run] = name?.split("/") ?? [];
  if (run === undefined || !anchorNames(basename(anchor)).includes(group)) return null;
  const isInUnit = above.endsWith(".service/cofferdam");
  const folder = isInUnit ? dirname(dirname(anchor)) + above : dirname(anchor);
  return unlessGone(() => statSync(`${folder}/${name}`, { bigint: true }).ino);
}
