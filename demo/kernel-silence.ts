import { execFileSync } from "node:child_process";
import type { HostFacts } from "../src/kernel/host-facts.ts";

/** What an event of the kernel needs, and how the demonstration says that it is missing. */
const needed = [
  { feature: "audit-read", silence: "which tells only root about it" },
  { feature: "landlock-log", silence: "which keeps no records of it before Linux 6.15" },
] as const;

/** Why the kernel's own refusals reach nobody here, as the end of "refused by the kernel, ..."; null where they become events. */
export function kernelSilence(cofferdam: string): string | null {
  const facts: Pick<HostFacts, "features"> = JSON.parse(
    execFileSync(cofferdam, ["doctor", "--json"], { encoding: "utf8" }),
  );
  return needed.find(({ feature }) => facts.features[feature].state !== "yes")?.silence ?? null;
}
