import { readFileSync } from "node:fs";
import { reloaded } from "../host/agent-answers.ts";
import { askAgent } from "../host/agent-client.ts";
import { HostError } from "../host/host-error.ts";
import type { Places } from "../host/places.ts";
import { domainOf, type Machine, policyFile, writeMachine, writePolicy } from "./machine.ts";
import type { Placed } from "./place.ts";
import { policyOf } from "./prepare.ts";

/**
 * Gives a machine that is on the policy of what it is to have (`change.ts` keeps others away
 * meanwhile). When this returns the domain is judged by it; where that fails, what was written
 * before is in its place again, but the agent may have taken the new one: a change that would leave
 * too much is to be tried again.
 * @throws HostError where there is no agent, or this host cannot hold the policy
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
