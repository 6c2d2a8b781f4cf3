import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { anchorsIn, removeUnlessBusy } from "../compile/cgroup/anchor.ts";
import { withDirectory } from "../compile/cgroup/directory.ts";
import { AnchorError } from "../compile/cgroup/errors.ts";
import { replacePrograms } from "../compile/cgroup/replace.ts";
import { domainOfAnchor } from "../domains/cgroup-path.ts";
import { type Control, readControl, writeControl } from "../kernel/bpf/control.ts";
import { hasCode } from "../kernel/errno-error.ts";
import type { Level } from "../model/policy.ts";
import { isOutdated } from "../plan/outdated.ts";
import type { Plan } from "../plan/plan.ts";
import type { Places } from "./places.ts";
import { readPlan } from "./ready-plans.ts";

/** As mediators see it. */
export interface InForce {
  /** null if the table has no such domain. */
  level(number: number): Level | null;
  /** Counts the policies put into force. */
  generation(number: number): number;
}

/**
 * Looks at an anchor again after changing it, because the table may have changed meanwhile. A
 * writer that changes the table after this look finds the anchor.
 */
const LOOKS_MAX = 4;

/**
 * Keeps the programs of supervised domains' control groups at the state of the host's table of
 * domains. The agent changes the table first, and a start makes its anchor first: so of two at once
 * the later one sees what the other did.
 */
export class LiveSockets {
  readonly #root: string | null;
  readonly #table: InForce;
  readonly #tag: number;
  readonly #policies: string;
  readonly #cannotHold: (domain: string) => void;

  /**
   * `root`: `CGROUP2/cofferdam`; null without control groups version 2. `cannotHold`: called with a
   * domain whose new policy needs the mediator for names of unix sockets.
   */
  constructor(
    { system }: Pick<Places, "system">,
    table: InForce,
    root: string | null,
    cannotHold: (domain: string) => void = () => undefined,
  ) {
    this.#cannotHold = cannotHold;
    this.#root = root;
    this.#table = table;
    this.#tag = tableTag({ system });
    this.#policies = system.live;
  }

  /**
   * All anchors, or those of one domain. @throws the first error, after all anchors were handled
   */
  follow(domain: string | null = null): void {
    const anchors = this.#root === null ? [] : listed(this.#root);
    const failures: unknown[] = [];
    for (const anchor of anchors) {
      if (domain !== null && domainOfAnchor(basename(anchor)) !== domain) continue;
      try {
        this.bringUpToDate(anchor);
      } catch (error) {
        if (!hasCode(error, "ENOENT")) failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** An anchor that follows no table, or another one, is left alone. */
  bringUpToDate(anchor: string): void {
    for (let look = 0; look < LOOKS_MAX; look++) if (!this.#step(anchor)) return;
  }

  /** True if something was changed. The level comes first: no policy may delay it. */
  #step(anchor: string): boolean {
    const control = withDirectory(anchor, readControl);
    if (control === null || control.number === null || control.table !== this.#tag) return false;
    const level = this.#table.level(control.number) ?? control.level;
    const generation = this.#table.generation(control.number);
    const put = (next: Control) => withDirectory(anchor, (fd) => writeControl(fd, next));
    if (level !== control.level) put({ ...control, level });
    const isTaken = generation !== control.generation && this.#takePolicy(anchor, control);
    if (isTaken) put({ ...control, level, generation });
    return isTaken || level !== control.level;
  }

  /**
   * Takes the policy that was put into force; true if the anchor has the right one. If none was,
   * each start uses its own policy, and an anchor with another one is removed as soon as it is
   * empty.
   */
  #takePolicy(anchor: string, control: Control): boolean {
    const plan = this.#policyOf(control);
    if (plan === null) {
      if (control.generation !== 0) removeUnlessBusy(anchor);
      return control.generation === 0;
    }
    replacePrograms(anchor, {
      policy: plan.mediation.policy,
      automaton: plan.automaton,
      aliases: plan.mediation.aliases ?? null,
    });
    if (plan.mediation.aliases === undefined) this.#cannotHold(plan.domain);
    return true;
  }

  /**
   * As in mediators (`mediate/domain/live.ts`); null if none was put into force, or one that an
   * earlier run left and that has changed since.
   */
  #policyOf({ number }: Control): Plan | null {
    const file = join(this.#policies, String(number));
    const ready = readPlan(file);
    if (ready === null && existsSync(file))
      throw new AnchorError(`${file} is not a plan; reload the domain`);
    return ready === null || isOutdated(ready.plan.facts) ? null : ready.plan;
  }
}

/**
 * Distinguishes tables that share a hierarchy of control groups, such as those of containers and
 * tests. By the folder, because a broken table is replaced by another file.
 */
export function tableTag({ system }: Pick<Places, "system">): number {
  const folder = dirname(system.table);
  const { dev = 0, ino = 0 } = statSync(folder, { throwIfNoEntry: false }) ?? {};
  return crc32(`${folder} ${dev} ${ino}`);
}

function listed(root: string): readonly string[] {
  try {
    return anchorsIn(root);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
