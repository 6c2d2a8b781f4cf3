import { setTimeout as pause } from "node:timers/promises";
import { HostError } from "../../host/host-error.ts";
import type { Places } from "../../host/places.ts";
import { changeMachine } from "../change.ts";
import { type Machine, readMachine } from "../machine.ts";
import { nothing, type Placed, placedTogether, placedWithout, placeResources } from "../place.ts";
import {
  type Accepted,
  differences,
  mergeAccepted,
  readAccepted,
  writeAccepted,
} from "../record.ts";
import type { ImageFormat, Resource } from "../resource.ts";
import { type KnownImages, knownImages } from "../stands-on.ts";

/** What could not be taken away is tried again after this time. */
const RETRY_MS = 5_000;

/**
 * What a machine that is on may reach, piece by piece (`Origin`): what it was started with and what
 * came since, wherever the piece comes from. Nothing is kept here: what there is stands in the
 * machine's record. Changes come one after the other; they wait for the agent, and never for the
 * emulator.
 */
export class Granted {
  readonly #places: Places;
  readonly #name: string;
  readonly #retryMs: number;
  #turn: Promise<unknown> = Promise.resolve();
  /** What is to be taken away and is not yet: how the first attempt ends. */
  readonly #leaving = new Map<string, Promise<void>>();

  constructor(places: Places, { name }: Machine, retryMs = RETRY_MS) {
    this.#places = places;
    this.#name = name;
    this.#retryMs = retryMs;
  }

  /**
   * In force when it returns. @throws HostError for what cannot be granted: then it is not, or is
   * taken away again
   */
  async grant(piece: string, resources: readonly Resource[]): Promise<void> {
    const own = resources.map((resource) => ({
      ...resource,
      origin: { ...resource.origin, piece },
    }));
    let isTold = false;
    const grant = (machine: Machine): Placed => {
      const placed = this.#with(machine, piece, own);
      isTold = true;
      return placed;
    };
    try {
      await this.#next(() => changeMachine(this.#places, this.#name, grant));
    } catch (error) {
      // The agent may have heard of it, whatever became of its answer.
      if (isTold) this.#takeAway(piece).catch(warnOf(piece));
      throw error;
    }
  }

  /**
   * The grant is no longer in force when this returns; does nothing if there is no such piece.
   * @throws HostError if it could not be taken away yet: it is tried again until it is
   */
  forget(piece: string): Promise<void> {
    const machine = readMachine(this.#places.system.machines, this.#name);
    if (machine === null || !(has(machine.placed, piece) || this.#leaving.has(piece)))
      return Promise.resolve();
    return this.#takeAway(piece);
  }

  /**
   * When this returns the piece is this image alone, and `below` are only read. Its name leads
   * where it led when it was granted.
   * @throws HostError if the agent does not accept it: then everything is as before
   */
  become(piece: string, image: Resource, below: readonly string[]): Promise<void> {
    const own = { ...image, origin: { ...image.origin, piece } };
    return this.#change((placed) => {
      const others = onlyReading(placedWithout(placed, piece), below);
      return { ...others, resources: [...others.resources, own] };
    });
  }

  /**
   * Images of these real names are read alone when it returns, whichever piece they belong to.
   * @throws as `become`
   */
  onlyRead(names: readonly string[]): Promise<void> {
    return this.#change((placed) => onlyReading(placed, names));
  }

  /** Where a name that was granted leads. */
  nameOf(path: string): string {
    return readMachine(this.#places.system.machines, this.#name)?.placed.names[path] ?? path;
  }

  /** The image of a piece, by its real name. */
  imageOf(piece: string): { readonly name: string; readonly format: ImageFormat } | null {
    const placed = readMachine(this.#places.system.machines, this.#name)?.placed ?? nothing;
    const found = placed.resources.find(
      ({ kind, origin }) => kind === "image" && origin.piece === piece,
    );
    return found?.kind === "image"
      ? { name: placed.names[found.path] ?? found.path, format: found.format }
      : null;
  }

  /** The images that it has. */
  images(): KnownImages {
    const { machines } = this.#places.system;
    const placed = readMachine(machines, this.#name)?.placed ?? nothing;
    return knownImages(placed, readAccepted(machines.accepted, this.#name) ?? placed);
  }

  /**
   * Records what images stand on: what their headers say later is compared with that. @throws
   * HostError where the machine is off
   */
  accept(parents: Accepted["parents"]): Promise<void> {
    const { accepted } = this.#places.system.machines;
    return this.#change((placed) => {
      const before = readAccepted(accepted, this.#name) ?? placed;
      writeAccepted(accepted, this.#name, mergeAccepted(before, { names: {}, parents }));
      return null;
    });
  }

  /** Looks at the host once: what is written into a header later counts for nothing. */
  #with({ placed }: Machine, piece: string, resources: readonly Resource[]): Placed {
    if (has(placed, piece) || this.#leaving.has(piece))
      throw new HostError(`there is ${piece} already`, "give it another name");
    const { accepted } = this.#places.system.machines;
    const more = placeResources(resources, placed);
    const before = readAccepted(accepted, this.#name) ?? placed;
    const changed = differences(before, more);
    if (changed.length > 0)
      throw new HostError(
        `not as it was accepted: ${changed.join("; ")}`,
        "cofferdam vm accept, with the machine off",
      );
    writeAccepted(accepted, this.#name, mergeAccepted(before, more));
    return placedTogether(placed, more);
  }

  #takeAway(piece: string): Promise<void> {
    const leaving = this.#leaving.get(piece);
    if (leaving !== undefined) return leaving;
    const first = this.#withdraw(piece);
    this.#leaving.set(piece, first);
    void this.#untilGone(piece, first);
    return first;
  }

  async #untilGone(piece: string, first: Promise<void>): Promise<void> {
    for (let attempt = first; ; attempt = this.#withdraw(piece)) {
      try {
        await attempt;
        this.#leaving.delete(piece);
        return;
      } catch {
        // The client knows the reason; for a machine that is off there is nothing left to take
        // away.
        if (readMachine(this.#places.system.machines, this.#name) === null) return;
        await pause(this.#retryMs, null, { ref: false });
      }
    }
  }

  #withdraw(piece: string): Promise<void> {
    return this.#change((placed) => placedWithout(placed, piece));
  }

  #change(change: (placed: Placed) => Placed | null): Promise<void> {
    return this.#next(() =>
      changeMachine(this.#places, this.#name, ({ placed }) => change(placed)),
    );
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    // Its caller hears what went wrong; the next one begins all the same.
    this.#turn = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }
}

/** What the handlers of commands need of it. */
export type Grants = Pick<Granted, "grant" | "forget">;

/** For answers that no client waits for. */
function warnOf(piece: string): (error: unknown) => void {
  return (error) => {
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(
      `cofferdam: ${piece} may still be granted; taking it away is tried again: ${why}\n`,
    );
  };
}

function has({ resources }: Placed, piece: string): boolean {
  return resources.some(({ origin }) => origin.piece === piece);
}

function onlyReading(placed: Placed, names: readonly string[]): Placed {
  const reading = (one: Resource): Resource =>
    one.kind === "image" && names.includes(placed.names[one.path] ?? one.path)
      ? { ...one, access: "read" }
      : one;
  return { ...placed, resources: placed.resources.map(reading) };
}
