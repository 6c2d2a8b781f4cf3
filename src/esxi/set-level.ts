import { shownChanges } from "../host/agent-answers.ts";
import { askAgent } from "../host/agent-client.ts";
import type { Places } from "../host/places.ts";
import type { Level } from "../model/policy.ts";

export interface Waiting {
  readonly name: string;
  readonly processes: number;
}

/**
 * Asks the agent to set a level; `domain` null: of all domains. Returns the domains whose sealed
 * processes need a restart for it.
 * @throws HostError if the agent refuses, or none runs
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
