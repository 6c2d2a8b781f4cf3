import { lstatSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { hasCode } from "../kernel/errno-error.ts";
import { readPlan } from "./ready-plans.ts";

interface Known {
  readonly anchor: string | null;
  /** Another file of the same name has another one. */
  readonly stamp: string;
}

/**
 * Names of the control groups that ready plans stand on, below `CGROUP2/cofferdam` wherever that is
 * mounted. A plan is read once: files are replaced whole.
 */
export class NamedAnchors {
  readonly #folder: string;
  #known = new Map<string, Known>();

  /** `folder`: of the ready plans. */
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
      now.set(name, before?.stamp === stamp ? before : { anchor: this.#read(name), stamp });
    }
    this.#known = now;
    return new Set([...now.values()].flatMap(({ anchor }) => anchor ?? []));
  }

  #read(name: string): string | null {
    const anchor = readPlan(join(this.#folder, name))?.plan.cgroup?.anchor;
    return anchor === undefined ? null : basename(anchor);
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
