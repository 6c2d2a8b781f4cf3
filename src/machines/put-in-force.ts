import { readFileSync } from "node:fs";
import { reloaded } from "../host/agent-answers.ts";
import { askAgent } from "../host/agent-client.ts";
import { HostError } from "../host/host-error.ts";
import type { Places } from "../host/places.ts";
import { domainOf, type Machine, policyFile, writeMachine, writePolicy } from "./machine.ts";
import type { Placed } from "./place.ts";
import { policyOf } from "./prepare.ts";

/**
 * Puts the policy for changed resources of a running machine in force; the caller holds the lock of
 * `change.ts`. On return the domain is judged by the new policy. On failure the old file is
 * restored, but the agent may have taken the new one. If the domain then has more than it should,
 * the caller must try again.
 * @throws HostError if no agent runs, or this host cannot hold the policy
 */
export async function putInForce(places: Places, before: Machine, placed: Placed): Promise<void> {
  const { machines, control } = places.system;
  const machine = { ...before, placed };
  const [policy, policyBefore] = [
    policyOf(places, machine),
    readFileSync(policyFile(machines, machine.name), "utf8"),
  ];
  try {
    writeMachine(machines, machine);
    writePolicy(machines, machine.name, policy);
    await reload(machine.name, control);
  } catch (error) {
    writePolicy(machines, machine.name, policyBefore);
    writeMachine(machines, before);
    throw error;
  }
}

async function reload(name: string, control: string): Promise<void> {
  const path = `/v1/domains/${domainOf(name)}/reload`;
  const { domains } = await askAgent(reloaded, "POST", path, undefined, control);
  const [outcome] = domains;
  if (outcome?.outcome === "bad")
    throw new HostError(
      `the new policy of machine ${name} cannot be used\n${outcome.problems ?? ""}`,
      "name something else",
    );
  if (outcome === undefined || outcome.outcome === "gone")
    throw new HostError(`machine ${name} is off`, "cofferdam vm list");
}
