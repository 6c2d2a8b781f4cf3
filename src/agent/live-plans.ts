import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { hostSnapshot } from "../compile/host-snapshot.ts";
import { oneMoment } from "../compile/one-moment.ts";
import { hasError } from "../diagnostics/diagnostic.ts";
import { renderDiagnostics } from "../diagnostics/render.ts";
import type { LiveTableWriter } from "../domains/live-table-writer.ts";
import { compileDomain } from "../host/compile-domain.ts";
import { hostNow } from "../host/host.ts";
import type { Places } from "../host/places.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import { type PreparedFile, prepareFile } from "../kernel/replace-file.ts";
import { encodePlan } from "../plan/encode.ts";
import type { DomainEntry } from "./entry.ts";
import type { Followers } from "./followers.ts";

/** Root alone: a plan says where Cofferdam looks, and no domain needs it. */
const LIVE_MODE = 0o600;
const MESSAGE_WIDTH = 100;

type Numbered = Pick<DomainEntry, "name" | "number">;

export type Compilation =
  | { readonly state: "good"; readonly bytes: Uint8Array }
  | { readonly state: "bad"; readonly problems: string };

/**
 * Policies in force for supervised processes that run, by the number of their domain:
 * `live/NUMBER`, the bytes of a plan.
 */
export class LivePlans {
  readonly #places: Places;
  readonly #table: LiveTableWriter;
  readonly #followers: Followers;
  #facts: HostFacts | null = null;

  constructor(places: Places, table: LiveTableWriter, followers: Followers) {
    this.#places = places;
    this.#table = table;
    this.#followers = followers;
  }

  /**
   * The plan that supervised processes of the domain would have if they started now. Nothing is
   * made or changed.
   */
  async compile(name: string): Promise<Compilation> {
    this.#facts ??= hostNow().facts;
    const host = { facts: this.#facts, snapshot: oneMoment(hostSnapshot()) };
    const request = { effect: "look", mediation: "supervised", host } as const;
    const { plan, diagnostics, sources } = await compileDomain(this.#places, { name }, request);
    if (plan !== null) return { state: "good", bytes: encodePlan(plan) };
    const errors = diagnostics.filter((diagnostic) => hasError([diagnostic]));
    return {
      state: "bad",
      problems: renderDiagnostics(errors, { color: false, sources, width: MESSAGE_WIDTH }),
    };
  }

  /**
   * Made ready before the policy counts, so that one for which there is no room is not taken for
   * the one in force.
   */
  prepare(bytes: Uint8Array): PreparedFile {
    return prepareFile(this.#places.system.live, bytes, LIVE_MODE);
  }

  /** Mediators look for the file when they see the generation: it lies there first, whole. */
  put(domain: Numbered, plan: PreparedFile): void {
    plan.place(this.#pathOf(domain.number));
    this.#table.nextGeneration(domain.number);
    this.#followers.changed(domain);
  }

  has(number: number): boolean {
    return existsSync(this.#pathOf(number));
  }

  /** From now on starts count with their own plans alone. */
  withdraw(domain: Numbered): void {
    if (!this.has(domain.number)) return;
    rmSync(this.#pathOf(domain.number), { force: true });
    this.#table.nextGeneration(domain.number);
    this.#followers.changed(domain);
  }

  #pathOf(number: number): string {
    return join(this.#places.system.live, String(number));
  }
}
