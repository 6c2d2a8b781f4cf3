import * as is from "../base/schema.ts";
import { HostError } from "./host-error.ts";
import { systemPlaces } from "./places.ts";
import { askService, type Method, type Service } from "./service-client.ts";

export type { Method } from "./service-client.ts";

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
  renew: "systemctl restart cofferdam-agent",
};

/**
 * docs/control-api.md has the paths, `agent-answers.ts` the answers.
 * @throws HostError without an agent, for a refusal, and for another version's answer
 */
export function askAgent<T>(
  answer: is.Schema<T>,
  method: Method,
  path: string,
  body?: Readonly<Record<string, unknown>>,
  socket: string = systemPlaces().control,
): Promise<T> {
  return askService(agent, socket, { method, path, body }, answer);
}

/** null without an agent. */
export async function askAgentIfThere<T>(
  answer: is.Schema<T>,
  path: string,
  socket?: string,
): Promise<T | null> {
  try {
    return await askAgent(answer, "GET", path, undefined, socket);
  } catch (error) {
    if (error instanceof NoAgent) return null;
    throw error;
  }
}

/** Of whatever version. */
export async function isAgentThere(socket?: string): Promise<boolean> {
  return (await askAgentIfThere(is.anything, "/v1/status", socket)) !== null;
}
