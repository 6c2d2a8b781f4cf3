import { HostError } from "../../host/host-error.ts";
import type { Places } from "../../host/places.ts";
import { type Machine, readMachine } from "../machine.ts";
import { placeResources } from "../place.ts";
import { putInForce } from "../put-in-force.ts";
import { differences, mergeAccepted, readAccepted, writeAccepted } from "../record.ts";
import type { Resource } from "../resource.ts";

/** What a machine that is on may reach beside what it was started with, by who asked for it. One change at a time: whoever calls waits for the one before (`commands.ts`). */
export class Granted {
  readonly #places: Places;
  readonly #machine: Machine;
  readonly #resources = new Map<string, readonly Resource[]>();
  /** Something that was forgotten is still in force. */
  #isBehind = false;

  constructor(places: Places, machine: Machine) {
    this.#places = places;
    this.#machine = machine;
  }

  has(key: string): boolean {
    return this.#resources.has(key);
  }

  /** In force when it returns. @throws HostError for what cannot be granted: then nothing is different from before */
  async grant(key: string, resources: readonly Resource[]): Promise<void> {
    this.#resources.set(key, resources);
    try {
      await this.#apply();
    } catch (error) {
      this.#resources.delete(key);
      throw error;
    }
  }

  /** Not in force any more when it returns; nothing happens where it was not granted. Where this fails, the next change that does not takes it away as well. */
  async forget(key: string): Promise<void> {
    if (this.#resources.delete(key)) this.#isBehind = true;
    if (this.#isBehind) await this.#apply();
  }

  /** The policy of what it was started with and of what came since. */
  async #apply(): Promise<void> {
    const start = this.#machine.placed;
    const more = placeResources([...this.#resources.values()].flat());
    const { accepted } = this.#places.system.machines;
    // A refresh meanwhile followed links anew.
    const now = readMachine(this.#places.system.machines, this.#machine.name)?.placed ?? start;
    const before = readAccepted(accepted, this.#machine.name) ?? start;
    const changed = differences(before, more);
    if (changed.length > 0)
      throw new HostError(`not as it was accepted: ${changed.join("; ")}`, "cofferdam vm accept, with the machine off");
    const placed = {
      ...start,
      resources: [...start.resources, ...more.resources],
      names: { ...start.names, ...now.names, ...more.names },
      parents: { ...start.parents, ...more.parents },
    };
    await putInForce(this.#places, { ...this.#machine, placed });
    this.#isBehind = false;
    writeAccepted(accepted, this.#machine.name, mergeAccepted(before, more));
  }
}

/** What those who deal with commands need of it. */
export type Grants = Pick<Granted, "has" | "grant" | "forget">;
