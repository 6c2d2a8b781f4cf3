import { dirname } from "node:path";
import { stamp } from "../events/identity.ts";
import { type EventLog, openEventLog } from "../events/log/event-log.ts";
import { readProcess } from "../events/process-info.ts";
import type { Places } from "../host/places.ts";
import type { SocketPeer } from "../kernel/peer.ts";
import { SHELL_DOMAIN } from "./peer.ts";
import { RefusalPace } from "./refusal-pace.ts";

export class RefusedLogins {
  readonly #log: EventLog;
  readonly #refusals: RefusalPace;

  constructor(places: Places, failed: (error: unknown) => void) {
    this.#log = openEventLog(dirname(places.events));
    this.#refusals = new RefusalPace((event) => this.#log.append(event), failed);
  }

  tell({ pid, uid }: SocketPeer, why: string): void {
    this.#refusals.add(uid, {
      ...stamp(),
      domain: SHELL_DOMAIN,
      number: null,
      level: "enforcing",
      engine: "landlock",
      source: "agent",
      verdict: "failed",
      class: "lifecycle",
      operation: "shell refused",
      object: why,
      request: null,
      process: readProcess(pid),
      rule: null,
      reason: null,
      allow: null,
      count: 1,
    });
  }

  close(): void {
    this.#refusals.close();
    this.#log.close();
  }
}
