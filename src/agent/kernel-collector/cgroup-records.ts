import { basename } from "node:path";
import { anchorsIn } from "../../compile/cgroup/anchor.ts";
import { domainOfAnchor } from "../../domains/cgroup-path.ts";
import { readRunRecord } from "../../domains/runs.ts";
import { CgroupRefusals } from "../../events/collector/cgroup-refusals.ts";
import type { Event } from "../../events/event.ts";
import type { Places } from "../../host/places.ts";
import { readyPlans } from "../../host/ready-plans.ts";
import { RefusalReader } from "../../kernel/bpf/refusals.ts";
import { unlessGone } from "../../kernel/unless-gone.ts";
import type { Plan } from "../../plan/plan.ts";
import { readTold, type Told, writeTold } from "./told-records.ts";

export interface CgroupTold {
  event(event: Event): void;
  /** `missed` refusals of a domain were evicted from the kernel's memory. */
  missed(domain: string, number: number | null, missed: number): void;
}

/** One control group that carries a domain's programs, and the instances below it. */
interface Anchor {
  /** null: its programs, of an older version, keep no records. */
  readonly reader: RefusalReader | null;
  recorded: bigint;
  /** By the id of the instance's group; null for one that is not reported here. */
  readonly instances: Map<bigint, Instance | null>;
  /** A plan that names the anchor; null while none was found. */
  plan: Plan | null;
  /** What an earlier collector reported. */
  readonly before: ReadonlyMap<bigint, Told>;
  /** More was reported than is noted. */
  isAhead: boolean;
}

interface Instance {
  readonly refusals: CgroupRefusals;
  readonly domain: string;
  readonly number: number | null;
}

/**
 * Turns the refusals by the cgroup programs of all sealed domains into events. Supervised domains
 * are left to their mediators, which follow the level.
 */
export class CgroupRecords {
  readonly #places: Pick<Places, "system" | "plans">;
  readonly #folder: string;
  readonly #told: CgroupTold;
  readonly #anchors = new Map<string, Anchor>();

  constructor(places: Pick<Places, "system" | "plans">, folder: string, told: CgroupTold) {
    this.#places = places;
    this.#folder = folder;
    this.#told = told;
  }

  /** Notes how far each instance was reported, for the next collector. */
  note(): void {
    for (const [path, anchor] of this.#anchors) {
      if (!anchor.isAhead) continue;
      const told = [...anchor.instances].flatMap(([cgroup, one]) => {
        const far = one?.refusals ?? anchor.before.get(cgroup);
        return far === undefined ? [] : [[cgroup, far] as const];
      });
      writeTold(path, new Map(told));
      anchor.isAhead = false;
    }
  }

  /**
   * Reports new records. Without any it costs one look at a folder and a load from memory per
   * anchor.
   */
  look(): void {
    const there = new Set(unlessGone(() => anchorsIn(this.#folder)) ?? []);
    for (const path of there) if (!this.#anchors.has(path)) this.#open(path);
    for (const [path, anchor] of this.#anchors) {
      this.#lookAt(path, anchor);
      if (there.has(path)) continue;
      anchor.reader?.close();
      this.#anchors.delete(path);
    }
  }

  close(): void {
    for (const { reader } of this.#anchors.values()) reader?.close();
    this.#anchors.clear();
  }

  #open(path: string): void {
    const reader = unlessGone(() => RefusalReader.open(path));
    this.#anchors.set(path, {
      ...{ reader, recorded: 0n, instances: new Map(), plan: null },
      ...{ before: readTold(path), isAhead: false },
    });
  }

  #lookAt(path: string, anchor: Anchor): void {
    const { reader, instances } = anchor;
    if (reader === null) return;
    const { recorded } = reader;
    const settled = [...instances.values()].every((one) => one?.refusals.isSettled !== false);
    if (recorded === anchor.recorded && settled) return;
    anchor.recorded = recorded;
    anchor.isAhead = true;
    const names = reader.names();
    for (const id of instances.keys()) if (!names.has(id)) instances.delete(id);
    for (const [id, name] of names)
      if (!instances.has(id)) instances.set(id, this.#instance(path, anchor, reader, id, name));
    for (const instance of instances.values()) if (instance !== null) this.#tell(instance);
  }

  #tell({ refusals, domain, number }: Instance): void {
    refusals.poll((event) => this.#told.event(event));
    const missed = refusals.isSettled ? refusals.takeMissed() : 0;
    if (missed > 0) this.#told.missed(domain, number, missed);
  }

  /** null for an instance that is supervised, of another host, or without a plan. */
  #instance(
    path: string,
    anchor: Anchor,
    reader: RefusalReader,
    cgroup: bigint,
    name: string,
  ): Instance | null {
    const domain = domainOfAnchor(basename(path));
    const run = /^[1-9]\d*$/.test(name) ? Number(name) : null;
    const named = run === null ? null : readRunRecord(this.#places.system.runs, run);
    const record = named?.domain === domain ? named : null;
    const plan = this.#planOf(path, anchor);
    if (plan === null || (record ?? plan).mode !== "sealed") return null;
    const number = record?.number ?? plan.number;
    const { told, until } = anchor.before.get(cgroup) ?? { told: 0, until: 0n };
    const instance = { kind: "known", cgroup, told, until } as const;
    const { policy } = plan.mediation;
    const refusals = new CgroupRefusals(reader, { domain, number }, instance, () => policy);
    return { refusals, domain, number };
  }

  /** The first plan found counts for good. */
  #planOf(path: string, anchor: Anchor): Plan | null {
    const name = basename(path);
    anchor.plan ??=
      readyPlans(this.#places, domainOfAnchor(name)).find(
        ({ plan }) => plan.cgroup !== null && basename(plan.cgroup.anchor) === name,
      )?.plan ?? null;
    return anchor.plan;
  }
}
