import type { Socket } from "node:net";
import type { Places } from "../../host/places.ts";
import type { Monitor } from "../description.ts";
import type { Machine } from "../machine.ts";

/** What the proxy of QMP works with. */
export interface Served {
  readonly places: Places;
  /** As it was started; `putInForce` takes what it becomes. */
  readonly machine: Machine;
  /** Where QMP is to be served. */
  readonly monitors: readonly Monitor[];
  /** The emulator's own monitor, the greeting not yet read. What it says is as hostile as the emulator. */
  readonly emulator: Socket;
}

/** Serves QMP in the emulator's place for as long as the emulator is connected. */
export function serveMonitor({ emulator }: Served): void {
  emulator.resume();
  // A monitor that breaks is the emulator's end, of which its process tells.
  emulator.on("error", () => emulator.destroy());
}
