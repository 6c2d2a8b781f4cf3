import { HostError } from "./host-error.ts";
import { systemPlaces } from "./places.ts";
import { askService, type Method, type Service } from "./service-client.ts";

export type { Method } from "./service-client.ts";

/** Nobody listens on the control socket. */
class NoAgent extends HostError {
  constructor() {
    super(
      "no agent runs on this host",
      "start it as root: systemctl start cofferdam-agent, or cofferdam agent",
    );
  }
}

const agent: Service = {
  name: "the agent",
  messages: "journalctl -u cofferdam-agent",
  absent: () => new NoAgent(),
  outOfReach: "ask from outside every domain",
};

/**
 * One request to the host's agent: the answer's JSON. docs/control-api.md has the paths.
 * @throws HostError where there is no agent, or its answer is no
 */
export function agentRequest(
  method: Method,
  path: string,
  body?: Readonly<Record<string, unknown>>,
  socket: string = systemPlaces().control,
): Promise<unknown> {
  return askService(agent, socket, { method, path, body });
}

/** Whether the agent can be reached at all; null where there is none. */
export async function agentIfThere(path: string, socket?: string): Promise<unknown> {
  try {
    return await agentRequest("GET", path, undefined, socket);
  } catch (error) {
    if (error instanceof NoAgent) return null;
    throw error;
  }
}
