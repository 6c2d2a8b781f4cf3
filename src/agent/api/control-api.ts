import type { AgentService } from "../agent-service.ts";
import { judgePeer } from "./peer.ts";
import { routes } from "./routes.ts";
import { ApiServer } from "./server.ts";

/** docs/control-api.md. */
export function controlApi(agent: AgentService): ApiServer<AgentService> {
  return new ApiServer({
    ...{ subject: agent, routes, log: agent.log },
    judge: (peer) => judgePeer(peer, agent.places),
  });
}
