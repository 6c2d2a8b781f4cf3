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

/** Pause before a failed withdrawal is tried again, milliseconds. */
const RETRY_MS = 5_000;

/**
 * What a running machine may reach, by piece (`Origin`), from the command line or from QMP. This
 * object keeps no list of its own: the machine's record has it. Changes come one after the other.
 * They wait for the agent, and never for the emulator.
 */
export class Granted {
  readonly #places: Places;
  readonly #name: string;
  readonly #retryMs: number;
  #turn: Promise<unknown> = Promise.resolve();
  /** Pieces whose withdrawal has begun and not succeeded, with the result of the first attempt. */
  readonly #leaving = new Map<string, Promise<void>>();

  constructor(places: Places, { name }: Machine, retryMs = RETRY_MS) {
    this.#places = places;
    this.#name = name;
    this.#retryMs = retryMs;
  }

  /**
   * On return the grant is in force. @throws HostError if it cannot be granted: then it is not, or
   * is withdrawn
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
      // The agent may have put the grant in force although its answer got lost.
      if (isTold) this.#takeAway(piece).catch(warnOf(piece));
      throw error;
    }
  }

  /**
   * On return the grant is no longer in force. Does nothing for a piece that does not exist.
   * @throws HostError if the withdrawal failed; it is then repeated until it succeeds
   */
  forget(piece: string): Promise<void> {
    const machine = readMachine(this.#places.system.machines, this.#name);
    if (machine === null || !(has(machine.placed, piece) || this.#leaving.has(piece)))
      return Promise.resolve();
    return this.#takeAway(piece);
  }

  /**
   * On return the piece consists of this image only, and the images `below` are read-only. The
   * image's name leads where it led when it was granted.
   * @throws HostError if the agent does not accept the change: then everything is as before
   */
  become(piece: string, image: Resource, below: readonly string[]): Promise<void> {
    const own = { ...image, origin: { ...image.origin, piece } };
    return this.#change((placed) => {
      const others = onlyReading(placedWithout(placed, piece), below);
      return { ...others, resources: [...others.resources, own] };
    });
  }

  /**
   * On return the images of these real names are read-only, in all pieces.
   * @throws as `become`
   */
  onlyRead(names: readonly string[]): Promise<void> {
    return this.#change((placed) => onlyReading(placed, names));
  }

  nameOf(path: string): string {
    return readMachine(this.#places.system.machines, this.#name)?.placed.names[path] ?? path;
  }

  /** The image of a piece, by its real name; null if it has none. */
  imageOf(piece: string): { readonly name: string; readonly format: ImageFormat } | null {
    const placed = readMachine(this.#places.system.machines, this.#name)?.placed ?? nothing;
    const found = placed.resources.find(
      ({ kind, origin }) => kind === "image" && origin.piece === piece,
    );
    return found?.kind === "image"
      ? { name: placed.names[found.path] ?? found.path, format: found.format }
      : null;
  }

  images(): KnownImages {
    const { machines } = this.#places.system;
    const placed = readMachine(machines, this.#name)?.placed ?? nothing;
    return knownImages(placed, readAccepted(machines.accepted, this.#name) ?? placed);
  }

  /**
   * Records what images depend on, to compare later headers with. @throws HostError if the machine
   * is off
   */
  accept(parents: Accepted["parents"]): Promise<void> {
    const { accepted } = this.#places.system.machines;
    return this.#change((placed) => {
      const before = readAccepted(accepted, this.#name) ?? placed;
      writeAccepted(accepted, this.#name, mergeAccepted(before, { names: {}, parents }));
      return null;
    });
  }

  /** Looks at the host only now: what the machine writes into a header later has no effect. */
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
        // The client has the reason from the first attempt. If the machine is off, nothing is left
        // to withdraw.
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
    // The caller gets the failure; the next change starts all the same.
    this.#turn = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }
}

export type Grants = Pick<Granted, "grant" | "forget">;

/** For withdrawals that no client waits for. */
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
