import { readFileSync } from "node:fs";
import { agentRequest } from "../host/agent-client.ts";
import { HostError } from "../host/host-error.ts";
import type { Places } from "../host/places.ts";
import { domainOf, type Machine, policyFile, writeMachine, writePolicy } from "./machine.ts";
import { policyOf } from "./prepare.ts";

/** Of the agent's answer, what matters here (docs/control-api.md). */
interface Reloaded {
  readonly outcome: string;
  readonly problems: string | null;
}

/**
 * Gives a machine that is on the policy of the resources it has now. When this returns the domain is judged by it; where that fails, the policy before is in its place again.
 * @throws HostError where there is no agent, or this host cannot hold the policy
 */
export async function putInForce(places: Places, machine: Machine): Promise<void> {
  const { machines, control } = places.system;
  const before = readFileSync(policyFile(machines, machine.name), "utf8");
  writePolicy(machines, machine.name, policyOf(places, machine));
  try {
    await reload(machine.name, control);
  } catch (error) {
    writePolicy(machines, machine.name, before);
    throw error;
  }
  writeMachine(machines, machine);
}

async function reload(name: string, control: string): Promise<void> {
  const path = `/v1/domains/${domainOf(name)}/reload`;
  const { domains } = (await agentRequest("POST", path, undefined, control)) as { domains: readonly Reloaded[] };
  const [outcome] = domains;
  if (outcome?.outcome === "bad")
    throw new HostError(
      `the new policy of machine ${name} cannot be used\n${outcome.problems ?? ""}`,
      "name something else",
    );
  if (outcome === undefined || outcome.outcome === "gone")
    throw new HostError(`machine ${name} is off`, "cofferdam vm list");
}
