import { nearest } from "../../diagnostics/nearest.ts";
import type { AgentService } from "../agent-service.ts";
import type { DomainEntry } from "../entry.ts";
import { ApiError } from "./route.ts";

/** @throws ApiError that names the nearest domain there is */
export function requireDomain(agent: AgentService, name: string): DomainEntry {
  const entry = agent.table.get(name);
  if (entry === null) throw noSuchDomain(agent, name);
  return entry;
}

export function noSuchDomain({ table }: AgentService, name: string): ApiError {
  const meant = nearest(
    name,
    table.entries.map((entry) => entry.name),
  );
  const help =
    meant === null
      ? "cofferdam domain list shows all; a new file needs: cofferdam domain reload"
      : `did you mean \`${meant}\`?`;
  return new ApiError(404, `there is no domain \`${name}\``, help);
}
