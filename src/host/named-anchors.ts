import { lstatSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { hasCode } from "../kernel/errno-error.ts";
import { isOutdated } from "../plan/outdated.ts";
import type { Plan } from "../plan/plan.ts";
import { readPlan } from "./ready-plans.ts";

interface Known {
  readonly anchor: string | null;
  readonly facts: Plan["facts"];
  /** Differs for another file of the same name. */
  readonly stamp: string;
}

/**
 * Control groups that ready plans name, below `CGROUP2/cofferdam` wherever that is mounted. An
 * outdated plan does not count, because the next start makes another. Each plan is read once,
 * because files are only replaced as a whole.
 */
export class NamedAnchors {
  readonly #folder: string;
  #known = new Map<string, Known>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  look(): ReadonlySet<string> {
    const now = new Map<string, Known>();
    for (const name of plansIn(this.#folder)) {
      const stats = lstatSync(join(this.#folder, name), { bigint: true, throwIfNoEntry: false });
      if (stats === undefined) continue;
      const stamp = `${stats.ino} ${stats.size} ${stats.ctimeNs}`;
      const before = this.#known.get(name);
      now.set(name, before?.stamp === stamp ? before : { ...this.#read(name), stamp });
    }
    this.#known = now;
    const named = [...now.values()].filter(({ facts }) => !isOutdated(facts));
    return new Set(named.flatMap(({ anchor }) => anchor ?? []));
  }

  #read(name: string): Omit<Known, "stamp"> {
    const plan = readPlan(join(this.#folder, name))?.plan;
    const anchor = plan?.cgroup?.anchor;
    return {
      anchor: anchor === undefined ? null : basename(anchor),
      facts: (plan?.facts ?? []).filter((fact) => "role" in fact && fact.role === "authority"),
    };
  }
}

function plansIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".plan"));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
