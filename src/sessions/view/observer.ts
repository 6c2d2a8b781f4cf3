import { randomBytes } from "node:crypto";
import { availableParallelism, freemem, hostname, loadavg, totalmem, uptime } from "node:os";
import { agentStatus, type ShownDomain, shownDomains } from "../../host/agent-answers.ts";
import { askAgentIfThere } from "../../host/agent-client.ts";
import { HostError } from "../../host/host-error.ts";
import type { Places } from "../../host/places.ts";
import { runningDomains } from "../../host/running.ts";
import { CpuMeter } from "./cpu-meter.ts";
import { groupUsage } from "./group-usage.ts";
import { emptyUsage, ownerKey, type ProcessUsage, processUsages } from "./process-usage.ts";
import type { DomainReading, HostReading, Reading } from "./reading.ts";

/**
 * Viewers that ask within this time after a reading began share it, so that many viewers cost as
 * much as one; milliseconds.
 */
export const READING_SHARED_MS = 400;

/**
 * Takes readings of the host. `cofferdam top` uses it directly, and inside domain `shell` through
 * the session server.
 */
export class Observer {
  readonly #places: Places;
  readonly #meter = new CpuMeter();
  readonly #name = randomBytes(8).toString("hex");
  #begun = Number.NEGATIVE_INFINITY;
  #reading: Promise<Reading> | null = null;

  constructor(places: Places) {
    this.#places = places;
  }

  read(): Promise<Reading> {
    const now = performance.now();
    if (this.#reading !== null && now - this.#begun < READING_SHARED_MS) return this.#reading;
    this.#begun = now;
    const last = this.#reading;
    // One reading at a time, because each one advances the meter.
    this.#reading =
      last === null
        ? this.#look()
        : last.then(
            () => this.#look(),
            () => this.#look(),
          );
    return this.#reading;
  }

  async #look(): Promise<Reading> {
    const { known, agent, events } = await this.#askAgent();
    const { byOwner, cpu } = await processUsages(runningDomains(this.#places));
    const groups = (await groupUsage()) ?? [];
    const seconds = performance.now() / 1_000;
    this.#meter.add([...groups, ...cpu]);
    const listed = known.map((one) => this.#domain(ownerKey(one.name, true), byOwner, one));
    const names = new Set(known.map(({ name }) => ownerKey(name, true)));
    const others = [...byOwner.keys()]
      .filter((key) => !names.has(key))
      .map((key) => this.#domain(key, byOwner, null));
    return {
      time: new Date().toISOString(),
      seconds,
      meter: this.#name,
      host: hostReading(),
      agent,
      events,
      domains: [...listed, ...others].sort(byNumber),
    };
  }

  /** Without an agent the view goes on, and says that there is none. */
  async #askAgent(): Promise<{
    readonly known: readonly ShownDomain[];
    readonly agent: string | null;
    readonly events: number | null;
  }> {
    try {
      const { control } = this.#places.system;
      const answer = await askAgentIfThere(shownDomains, "/v1/domains", control);
      const counts = await askAgentIfThere(agentStatus, "/v1/status", control);
      if (answer === null || counts === null)
        return { known: [], agent: "no agent runs", events: null };
      const { denied, warned } = counts.events.today;
      return { known: answer.domains, agent: null, events: denied + warned };
    } catch (error) {
      if (error instanceof HostError) return { known: [], agent: error.message, events: null };
      throw error;
    }
  }

  #domain(
    owner: string,
    usages: ReadonlyMap<string, ProcessUsage>,
    known: ShownDomain | null,
  ): DomainReading {
    const { name, number, level, modes, processes, resident, descriptors } =
      usages.get(owner) ?? emptyUsage(known?.name ?? owner);
    const [mode = null, ...more] = modes;
    return {
      name,
      number: known?.number ?? number,
      level: known === null ? level : known.level,
      mode: more.length > 0 ? "mixed" : mode,
      processes,
      cpu: Math.round(this.#meter.of(owner)),
      resident,
      descriptors,
      events: known?.eventsToday ?? null,
    };
  }
}

function byNumber(a: DomainReading, b: DomainReading): number {
  const last = Number.POSITIVE_INFINITY;
  return (
    (a.number ?? last) - (b.number ?? last) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  );
}

function hostReading(): HostReading {
  return {
    name: hostname(),
    uptime: Math.floor(uptime()),
    processors: availableParallelism(),
    load: loadavg(),
    memory: totalmem(),
    available: freemem(),
  };
}
