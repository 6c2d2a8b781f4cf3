import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PRIVATE_FILE } from "../base/modes.ts";
import { hostSnapshot } from "../compile/host-snapshot.ts";
import { oneMoment } from "../compile/one-moment.ts";
import { catalogue } from "../diagnostics/catalogue.ts";
import { hasError } from "../diagnostics/diagnostic.ts";
import { renderDiagnostics } from "../diagnostics/render.ts";
import type { LiveTableWriter } from "../domains/live-table-writer.ts";
import { type CompileRequest, compileDomain } from "../host/compile-domain.ts";
import { hostNow } from "../host/host.ts";
import type { Places } from "../host/places.ts";
import type { HostFacts } from "../kernel/host-facts.ts";
import { type PreparedFile, prepareFile } from "../kernel/replace-file.ts";
import { encodePlan } from "../plan/encode.ts";
import { isOutdated } from "../plan/outdated.ts";
import type { Fact, Plan } from "../plan/plan.ts";
import type { DomainEntry } from "./entry.ts";
import type { Followers } from "./followers.ts";

/** Readable for root only: a plan says where Cofferdam looks, and no domain needs it. */
const LIVE_MODE = PRIVATE_FILE;
const MESSAGE_WIDTH = 100;

const ABSENT_CODES = [catalogue["unknown-user"].code, catalogue["no-such-account"].code] as const;

type Numbered = Pick<DomainEntry, "name" | "number">;

/** On disk, and not in force yet. */
export interface PreparedPlan {
  readonly facts: readonly Fact[];
  readonly file: PreparedFile;
}

export type Compilation =
  | { readonly state: "good"; readonly plan: Plan }
  | {
      readonly state: "bad";
      readonly problems: string;
      /** Where nothing else is wrong: the accounts that the host does not have, a sentence each. */
      readonly absent: readonly string[];
    };

/**
 * Policies in force for running supervised processes, by the number of their domain: `live/NUMBER`,
 * the bytes of a plan.
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
  compile(name: string): Promise<Compilation> {
    return this.#compile(name, { mediation: "supervised" });
  }

  /** The plan of a start that is to be enforced, sealed if the policy says so. */
  compileStart(name: string): Promise<Compilation> {
    return this.#compile(name, { level: "enforcing" });
  }

  async #compile(
    name: string,
    as: Pick<CompileRequest, "mediation" | "level">,
  ): Promise<Compilation> {
    this.#facts ??= hostNow().facts;
    const host = { facts: this.#facts, snapshot: oneMoment(hostSnapshot()) };
    const request = { ...as, effect: "look", host } as const;
    const { plan, diagnostics, sources } = await compileDomain(this.#places, { name }, request);
    if (plan !== null) return { state: "good", plan };
    const errors = diagnostics.filter((diagnostic) => hasError([diagnostic]));
    const isOfAccounts = errors.every(({ code }) => ABSENT_CODES.some((one) => one === code));
    return {
      state: "bad",
      problems: renderDiagnostics(errors, { color: false, sources, width: MESSAGE_WIDTH }),
      absent: isOfAccounts ? errors.map(({ message }) => message) : [],
    };
  }

  /**
   * Written before the policy takes effect, so that a policy for which there is no room is not
   * reported as being in force.
   */
  prepare(plan: Plan): PreparedPlan {
    const file = prepareFile(this.#places.system.live, encodePlan(plan), LIVE_MODE);
    return { facts: plan.facts, file };
  }

  /**
   * Mediators look for the file when they see the generation, so the complete file is put in place
   * first. False if the policy has changed since it was read: a run may have started with the newer
   * one already, and must not get the old one. Then nothing is put into force, and `plan` is
   * discarded.
   */
  put(domain: Numbered, { facts, file }: PreparedPlan): boolean {
    if (isOutdated(facts)) {
      file.discard();
      return false;
    }
    file.place(this.#pathOf(domain.number));
    this.#table.nextGeneration(domain.number);
    this.#followers.changed(domain);
    return true;
  }

  has(number: number): boolean {
    return existsSync(this.#pathOf(number));
  }

  /** From now on each start uses only its own plan. */
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
