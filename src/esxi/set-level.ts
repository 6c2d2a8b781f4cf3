import { HostError } from "../host/host-error.ts";
import type { Places } from "../host/places.ts";
import type { Level } from "../model/policy.ts";

/** Asks the agent; null stands for every domain. @throws HostError for what the agent refuses, and where there is none */
export function setLevel(_places: Places, domain: string | null, level: Level): Promise<void> {
  const words = domain === null ? `--all ${level}` : `${domain} ${level}`;
  throw new HostError("levels are not set by this command yet", `cofferdam domain level ${words}`);
}
