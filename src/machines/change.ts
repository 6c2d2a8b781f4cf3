import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { HostError } from "../host/host-error.ts";
import type { Places } from "../host/places.ts";
import { type FileLock, lockFile } from "../kernel/file-lock.ts";
import { type Machine, readMachine } from "./machine.ts";
import type { Placed } from "./place.ts";
import { putInForce } from "./put-in-force.ts";

/**
 * The time that one request to the agent may take, milliseconds: another change waits that long.
 */
const LOCK_WAIT_MS_MAX = 150_000;
const LOCK_RETRY_MS = 10;

/**
 * Changes what a running machine may reach. Changes by the proxy, by a refresh and by the machine's
 * end come one after the other; each starts from the result of the previous one. `change` returns
 * the resources that the machine has from now on, or null to leave them. On return the new policy
 * is in force.
 * @throws HostError if the machine is off, or as `change` and `putInForce` do
 */
export async function changeMachine(
  places: Places,
  name: string,
  change: (machine: Machine) => Placed | null,
): Promise<void> {
  const { machines } = places.system;
  const lock = await lockMachine(places, name);
  try {
    const machine = readMachine(machines, name);
    if (machine === null) throw new HostError(`machine ${name} is off`, "cofferdam vm list");
    const placed = change(machine);
    if (placed !== null) await putInForce(places, machine, placed);
  } finally {
    lock.release();
  }
}

export async function lockMachine(places: Places, name: string): Promise<FileLock> {
  const path = join(places.system.machines.running, `.${name}.change`);
  const deadline = performance.now() + LOCK_WAIT_MS_MAX;
  for (;;) {
    const lock = lockFile(path);
    if (lock !== null) return lock;
    if (performance.now() > deadline)
      throw new HostError(
        `another command is changing machine ${name}`,
        "try again; cofferdam vm list",
      );
    await pause(LOCK_RETRY_MS);
  }
}
