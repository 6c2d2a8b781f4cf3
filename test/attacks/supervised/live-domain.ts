import * as fs from "node:fs";
import * as path from "node:path";
import { PRIVATE_FILE, PUBLIC_FOLDER } from "../../../src/base/modes.ts";
import { LiveTableWriter } from "../../../src/domains/live-table-writer.ts";
import { compileDomain } from "../../../src/host/compile-domain.ts";
import type { Level } from "../../../src/model/policy.ts";
import { encodePlan } from "../../../src/plan/encode.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { scratchPlaces } from "../../agent/scratch-places.ts";
import type { Built } from "../../mediate/build.ts";
import { scratchFolder } from "../../support/scratch.ts";
import type { Arena } from "../arena.ts";
import { Series } from "../series.ts";

const NUMBER = 7;
const clone = path.resolve(import.meta.dirname, "../../..");

/**
 * The attacker's domain with a table of its own, through which level and policy are switched as the
 * agent does it: compiled by the real compiler, mediated by the real mediator, started by the
 * test's harness, since the front knows the host's table alone.
 */
export class LiveDomain {
  readonly #arena: Arena;
  readonly #built: Built;
  readonly #folder = scratchFolder("live");
  readonly #table: LiveTableWriter;

  constructor(arena: Arena, built: Built) {
    this.#arena = arena;
    this.#built = built;
    fs.chmodSync(this.#folder, PUBLIC_FOLDER);
    for (const name of ["run/live", "log", "domains"])
      fs.mkdirSync(path.join(this.#folder, name), { recursive: true });
    this.#table = LiveTableWriter.open(path.join(this.#folder, "run/table"));
  }

  setLevel(level: Level): void {
    this.#table.setLevel(NUMBER, level);
  }

  /** In force when this returns. */
  putPolicy(plan: Plan): void {
    const file = path.join(this.#folder, "run/live", String(NUMBER));
    fs.writeFileSync(`${file}.new`, encodePlan(plan), { mode: PRIVATE_FILE });
    fs.renameSync(`${file}.new`, file);
    this.#table.nextGeneration(NUMBER);
  }

  async compile(policy: string): Promise<Plan> {
    const places = scratchPlaces(this.#folder, clone);
    fs.writeFileSync(path.join(this.#folder, "domains", `${this.#arena.domain}.yaml`), policy);
    const request = { effect: "look", mediation: "supervised" } as const;
    const { plan, diagnostics } = await compileDomain(
      places,
      { name: this.#arena.domain },
      request,
    );
    if (plan === null) throw new Error(`no plan: ${JSON.stringify(diagnostics)}`);
    // The harness makes no control group: processes are identified by ancestry, and calls that
    // cgroup programs would judge are notified.
    const { seccomp } = plan;
    const filter = seccomp?.asking ?? seccomp?.filter ?? new Uint8Array();
    const mediation = { ...plan.mediation, live: true };
    return {
      ...plan,
      number: NUMBER,
      cgroup: null,
      seccomp: seccomp === null ? null : { ...seccomp, filter },
      mediation,
    };
  }

  start(plan: Plan): Series {
    const file = (name: string, content: Uint8Array): string => {
      fs.writeFileSync(path.join(this.#folder, name), content);
      return path.join(this.#folder, name);
    };
    if (plan.seccomp === null) throw new Error("a supervised plan has a filter");
    const filter = file("filter", plan.seccomp.filter);
    const { harness, mediator } = this.#built;
    const fixed = ["-", filter, file("plan", encodePlan(plan)), "0:0", process.execPath, mediator];
    return new Series(this.#arena, {
      log: path.join(this.#folder, "log/events.jsonl"),
      command: (line) => [
        "env",
        [`HARNESS_FOLDER=${path.join(this.#folder, "run")}`, harness, ...fixed, ...line],
      ],
    });
  }

  close(): void {
    this.#table.close();
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}
