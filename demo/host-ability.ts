import { execFileSync } from "node:child_process";
import type { FeatureName, HostFacts } from "../src/kernel/host-facts.ts";

/** What an event of the kernel needs, and how the demonstration says that it is missing. */
const neededForEvents = [
  { feature: "audit-read", silence: "which tells only root about it" },
  { feature: "landlock-log", silence: "which keeps no records of it before Linux 6.15" },
] as const;

/** What a mediator needs that answers for every call. */
const neededForWarning: readonly FeatureName[] = [
  "seccomp-notify",
  "seccomp-addfd",
  "seccomp-wait-killable",
  "openat2",
];

export interface HostAbility {
  /**
   * Why the kernel's own refusals are not visible here, as the end of "refused by the kernel, ...";
   * null if they become events.
   */
  readonly kernelSilence: string | null;
  /** Why there is no level warning here; null where there is. */
  readonly noWarning: string | null;
  /** Where control groups are; null without any. */
  readonly cgroup2: string | null;
}

export function hostAbility(cofferdam: string): HostAbility {
  const doctor = execFileSync(cofferdam, ["doctor", "--json"], { encoding: "utf8" });
  const { features, cgroup2 }: Pick<HostFacts, "features" | "cgroup2"> = JSON.parse(doctor);
  const lacking = neededForWarning.filter((name) => features[name].state !== "yes");
  return {
    kernelSilence:
      neededForEvents.find(({ feature }) => features[feature].state !== "yes")?.silence ?? null,
    cgroup2,
    noWarning: lacking.length === 0 ? null : `this host lacks ${lacking.join(" and ")}`,
  };
}
