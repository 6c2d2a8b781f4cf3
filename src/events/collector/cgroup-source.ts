import { RefusalReader } from "../../kernel/bpf/refusals.ts";
import type { Plan } from "../../plan/plan.ts";
import { CgroupRefusals } from "./cgroup-refusals.ts";
import type { Run } from "./kernel-denials.ts";

/**
 * The refusals of this run's instance by its cgroup's programs, or why they cannot be known.
 * `none`: the run has no such programs.
 */
export type CgroupSource =
  | { readonly state: "none" }
  | { readonly state: "unavailable"; readonly why: string }
  | { readonly state: "reading"; readonly refusals: CgroupRefusals };

/**
 * Call while the launcher waits. In an attended run the front waits, and the daemon's process id is
 * reported later.
 */
export function openCgroupSource(plan: Plan, run: Run): CgroupSource {
  // Without programs nothing is refused there; in a supervised domain the mediator reports the
  // refusals.
  if (plan.cgroup === null || plan.cgroup.programs.length === 0 || plan.mode === "supervised")
    return { state: "none" };
  if (run.launcher === null)
    return { state: "unavailable", why: "the launcher's process cannot be seen" };
  const reader = RefusalReader.open(plan.cgroup.anchor);
  if (reader === null)
    return { state: "unavailable", why: "its programs, of an older Cofferdam, keep no records" };
  const policy = plan.mediation.policy;
  const instance = { kind: "named", daemon: run.attended ? null : run.launcher } as const;
  return {
    state: "reading",
    refusals: new CgroupRefusals(reader, run, instance, () => policy),
  };
}
