import { statSync } from "node:fs";
import { namesGiven } from "../../domains/numbers-file.ts";
import { processOf, wallClock } from "../../events/collector/cgroup-refusals.ts";
import { lsmRequests } from "../../events/collector/lsm-requests.ts";
import type { Event, EventProcess } from "../../events/event.ts";
import { stamp } from "../../events/identity.ts";
import { load } from "../../host/load.ts";
import type { Places } from "../../host/places.ts";
import { LsmEngine } from "../../kernel/bpf/lsm/engine.ts";
import { EventReader, type LsmEvent } from "../../kernel/bpf/lsm/event-reader.ts";
import { mapPin } from "../../kernel/bpf/lsm/pins.ts";
import { bytesOfName } from "../../model/name-bytes.ts";
import type { Policy } from "../../model/policy.ts";
import type { CollectorState } from "./state.ts";

export interface LsmTold {
  event(event: Event): void;
  /** `count` more requests outside the domain were decided, and are in no event. */
  dropped(domain: string, number: number, count: number): void;
}

/** What was told of requests that the engine counted, because its ring buffer was full. */
type Counted = Pick<CollectorState, "buffer" | "dropped">;

/** One attachment of the engine, which pins its maps anew. */
interface Attached {
  /** Inode of the pinned ring buffer. */
  readonly pin: number;
  readonly engine: LsmEngine;
  readonly reader: EventReader;
}

/** The domains of the host as of the last look at its files. */
interface Known {
  readonly names: ReadonlyMap<number, string>;
  /** By name, as far as they were asked for. */
  readonly policies: Map<string, Policy | null>;
}

/**
 * Turns what the bpf-lsm engine finds outside its domains into events. The kernel keeps how far its
 * ring buffer was read, so that the next collector goes on there.
 */
export class LsmRecords {
  readonly #places: Places;
  readonly #pins: string;
  readonly #told: LsmTold;
  /** The pin that {@link #dropped} is about; null for none. */
  #counting: number | null;
  /** By number of the domain: what the drops were when they were told last. */
  readonly #dropped: Map<number, bigint>;
  #attached: Attached | null = null;
  #known: Known | null = null;
  #hasChanged = false;

  /** `before`: what an earlier collector told. */
  constructor(places: Places, told: LsmTold, { buffer, dropped }: Counted) {
    this.#places = places;
    this.#pins = places.system.lsmPins;
    this.#told = told;
    this.#counting = buffer;
    this.#dropped = new Map(dropped.map(({ number, count }) => [number, BigInt(count)]));
  }

  get isAttached(): boolean {
    return this.#attached !== null;
  }

  /** For the next collector. */
  get counted(): Counted {
    const dropped = [...this.#dropped].map(([number, count]) => ({ number, count: Number(count) }));
    return { buffer: this.#counting, dropped };
  }

  /** Whether {@link counted} is another one than at the last call. */
  takeChanged(): boolean {
    const hasChanged = this.#hasChanged;
    this.#hasChanged = false;
    return hasChanged;
  }

  close(): void {
    this.#attached?.reader.close();
    this.#attached?.engine[Symbol.dispose]();
    this.#attached = null;
  }

  /** Everything that came since the last call. */
  look(): void {
    this.#follow();
    if (this.#attached !== null) this.#drain(this.#attached);
  }

  /** Tells what was dropped. From here on the host's files are read again. */
  account(): void {
    this.#known = null;
    if (this.#attached === null) return;
    for (const [number, { dropped }] of this.#attached.engine.accounts()) {
      const fresh = dropped - (this.#dropped.get(number) ?? 0n);
      if (fresh <= 0n) continue;
      this.#dropped.set(number, dropped);
      this.#hasChanged = true;
      this.#told.dropped(this.#nameOf(number), number, Number(fresh));
    }
  }

  /** The engine is attached and detached by other processes. */
  #follow(): void {
    const pin = statSync(mapPin(this.#pins, "events"), { throwIfNoEntry: false })?.ino ?? null;
    if (pin === (this.#attached?.pin ?? null)) return;
    // What the old buffer still has.
    if (this.#attached !== null) this.#drain(this.#attached);
    this.close();
    if (pin === null) return;
    const engine = LsmEngine.open(this.#pins);
    if (engine === null) return;
    this.#attached = { pin, engine, reader: new EventReader(engine.events) };
    if (pin === this.#counting) return;
    // Other maps, whose counters began at nothing.
    this.#counting = pin;
    this.#dropped.clear();
    this.#hasChanged = true;
  }

  #drain({ reader }: Attached): void {
    const processes = new Map<string, EventProcess>();
    for (const event of reader.take()) this.#tell(event, processes);
  }

  #tell(event: LsmEvent, processes: Map<string, EventProcess>): void {
    const domain = this.#nameOf(event.domain);
    const nameOf = (number: number) => (number === 0 ? "superDom" : this.#nameOf(number));
    const { process, uid, comm } = event;
    for (const request of lsmRequests(event, this.#policyOf(domain), nameOf))
      this.#told.event({
        ...stamp(wallClock(event.time)),
        ...{ domain, number: event.domain, level: event.level },
        engine: "bpf-lsm",
        source: "kernel",
        verdict: event.denied ? "denied" : "warning",
        ...request,
        process: processOf({ process, uid, comm: bytesOfName(comm) }, processes),
        count: event.count,
      });
  }

  /** A domain may have got its number since the last look. */
  #nameOf(number: number): string {
    const known = this.#look().names.get(number);
    if (known !== undefined) return known;
    this.#known = null;
    return this.#look().names.get(number) ?? `domain-${number}`;
  }

  #policyOf(domain: string): Policy | null {
    const { policies } = this.#look();
    const known = policies.get(domain);
    if (known !== undefined) return known;
    const policy = load(this.#places, { name: domain }).policy;
    policies.set(domain, policy);
    return policy;
  }

  #look(): Known {
    this.#known ??= {
      names: namesGiven(this.#places.system.numbers),
      policies: new Map(),
    };
    return this.#known;
  }
}
