import { HostError } from "../../host/host-error.ts";
import { askService, type Service } from "../../host/service-client.ts";
import { reading } from "../../sessions/view/reading.ts";
import { type Collected, collected } from "../support/collected.ts";
import type { ViewSource } from "./source.ts";

const service: Service = {
  name: "the session server",
  messages: "journalctl -u cofferdam-agent",
  absent: () =>
    new HostError("no session server answers", "ask an administrator: the agent keeps it"),
  outOfReach: "this is for the sandboxed shell; outside of it take bin/cofferdam",
  renew: "ask an administrator: systemctl restart cofferdam-agent",
};

/** The sandboxed shell cannot see the host, so the session server takes the readings. */
export function viewOf(socket: string): ViewSource {
  return {
    reading: () => askService(service, socket, { method: "GET", path: "/v1/reading" }, reading),
  };
}

/** The contents of a bundle that the caller may have. */
export function collectedOf(socket: string): Promise<Collected> {
  return askService(service, socket, { method: "GET", path: "/v1/support" }, collected);
}
