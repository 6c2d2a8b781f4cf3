import { shownChanges } from "../host/agent-answers.ts";
import { askAgent } from "../host/agent-client.ts";
import type { Places } from "../host/places.ts";
import type { Level } from "../model/policy.ts";

/** A domain whose sealed processes keep the level of their start. */
export interface Waiting {
  readonly name: string;
  readonly processes: number;
}

/**
 * Asks the agent; null stands for every domain. The answer: where processes must be restarted for
 * it.
 * @throws HostError for what the agent refuses, and where there is none
 */
export async function setLevel(
  places: Places,
  domain: string | null,
  level: Level,
): Promise<readonly Waiting[]> {
  const path = domain === null ? "/v1/level" : `/v1/domains/${domain}/level`;
  const { changes } = await askAgent(shownChanges, "PUT", path, { level }, places.system.control);
  return changes
    .filter(({ restart }) => restart.length > 0)
    .map(({ name, restart }) => ({ name, processes: restart.length }));
}
