import { nearest } from "../../diagnostics/nearest.ts";
import type { AgentService } from "../agent-service.ts";
import type { DomainEntry } from "../entry.ts";
import { readPolicy } from "../read-policies.ts";
import { ApiError } from "./route.ts";

/** @throws ApiError that says what is wrong with the domain's file, or names the nearest domain */
export function requireDomain(agent: AgentService, name: string): DomainEntry {
  const entry = agent.table.get(name);
  if (entry === null) throw noSuchDomain(agent, name);
  return entry;
}

export function noSuchDomain({ table, places }: AgentService, name: string): ApiError {
  const { state } = readPolicy(places, name);
  if (state === "bad")
    return new ApiError(
      409,
      `the policy of \`${name}\` is broken, and there is no earlier one`,
      `cofferdam check ${name} shows where; then: cofferdam domain reload ${name}`,
    );
  if (state === "good")
    return new ApiError(
      404,
      `the policy of \`${name}\` is not in force yet`,
      `cofferdam domain reload ${name}`,
    );
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
