import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { type CgroupTarget, prepareCgroup } from "../../src/compile/cgroup/prepare.ts";
import { encodeAutomaton } from "../../src/model/automaton/binary.ts";
import { buildAutomaton } from "../../src/model/automaton/build.ts";
import type { Policy } from "../../src/model/policy.ts";
import type { CgroupPlan } from "../../src/plan/plan.ts";
import { compileC } from "../support/compile-c.ts";
import { scratchFolder } from "../support/scratch.ts";
import { skipUnless } from "../support/skip.ts";

const PROBE_TIMEOUT_MS = 60_000;

/**
 * A part of the cgroup hierarchy and a scratch folder of one test file; {@link Arena.remove} takes
 * both away.
 */
export class Arena {
  readonly scratch = scratchFolder("cgroup");
  /** Stands in for the mount point, so that no anchor of the host is touched. */
  readonly cgroup2: string;
  #children = 0;

  constructor() {
    this.cgroup2 = join(mountPoint() ?? "", `cofferdam-test-${process.pid}`);
    mkdirSync(this.cgroup2);
  }

  /** Compiles test/cgroup/programs/NAME.c. */
  compile(name: string): string {
    const out = join(this.scratch, name);
    const source = new URL(`programs/${name}.c`, import.meta.url).pathname;
    compileC(out, source, ["-O2", "-Wall", "-Wextra", "-Werror", "-pthread"]);
    return out;
  }

  prepare(
    policy: Policy,
    options: Partial<Omit<CgroupTarget, "domain" | "cgroup2">> = {},
  ): Promise<CgroupPlan> {
    const automaton = encodeAutomaton(buildAutomaton(policy.names));
    return prepareCgroup(policy, automaton, {
      domain: policy.name,
      cgroup2: this.cgroup2,
      ...options,
    });
  }

  /** A new child of the anchor, as the launcher makes one; the path of its cgroup.procs. */
  child(plan: CgroupPlan): string {
    const child = join(plan.anchor, `child-${this.#children++}`);
    mkdirSync(child);
    return join(child, "cgroup.procs");
  }

  /** Answers of the probe program, one a line, run inside the plan's cgroup. */
  probe(program: string, plan: CgroupPlan | null, lines: readonly string[]): string[] {
    const result = spawnSync(program, plan === null ? [] : [this.child(plan)], {
      input: lines.join("\n"),
      encoding: "utf8",
      timeout: PROBE_TIMEOUT_MS,
      cwd: this.scratch,
    });
    if (result.status !== 0)
      throw new Error(`${program}: ${result.status} ${result.signal} ${result.stderr}`);
    return result.stdout.trimEnd().split("\n");
  }

  remove(): void {
    removeCgroups(this.cgroup2);
    rmSync(this.scratch, { recursive: true });
  }
}

/** What an arena lacks on this host, or null. */
export function arenaMissing(): string | null {
  if (process.getuid?.() !== 0) return "it needs root";
  return mountPoint() === null ? "no cgroup v2 hierarchy is mounted" : null;
}

export function needsArena(context: TestContext): void {
  skipUnless(context, arenaMissing() === null, arenaMissing() ?? "");
}

/** Mount point of the cgroup v2 hierarchy; null where there is none. */
function mountPoint(): string | null {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return lines.find((line) => line.includes(" - cgroup2 "))?.split(" ")[4] ?? null;
}

function removeCgroups(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroups(join(folder, entry.name));
  }
  rmdirSync(folder);
}
