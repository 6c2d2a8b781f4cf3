import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { HostError } from "../host/host-error.ts";
import type { Places } from "../host/places.ts";
import { type FileLock, lockFile } from "../kernel/file-lock.ts";
import { type Machine, readMachine } from "./machine.ts";
import type { Placed } from "./place.ts";
import { putInForce } from "./put-in-force.ts";

/** Another change waits for the agent at most as long as one request may take. */
const LOCK_WAIT_MS_MAX = 150_000;
const LOCK_RETRY_MS = 10;

/**
 * Changes what a machine that is on may reach: its proxy, a refresh and its end come one after the
 * other, each to what the one before has left. `change`: what it is to have then; null where that
 * is what it has. When this returns the domain is judged by it.
 * @throws HostError where the machine is off, or as `change` and `putInForce` do
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

/**
 * Locks the machine against other changes until released. @throws HostError if that takes too long
 */
export async function lockMachine(places: Places, name: string): Promise<FileLock> {
  const path = join(places.system.machines.running, `.${name}.change`);
  const deadline = performance.now() + LOCK_WAIT_MS_MAX;
  for (;;) {
    const lock = lockFile(path);
    if (lock !== null) return lock;
    if (performance.now() > deadline)
      throw new HostError(
        `machine ${name} is being changed by somebody else`,
        "try again; cofferdam vm list",
      );
    await pause(LOCK_RETRY_MS);
  }
}
