import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { PUBLIC_FOLDER } from "../src/base/modes.ts";
import { decodePlan } from "../src/plan/decode.ts";
import type { Plan } from "../src/plan/plan.ts";

export const clone = path.resolve(import.meta.dirname, "..");
export const cofferdam = path.join(clone, "bin/cofferdam");

/** The user that compiles a plan. */
export interface Compiler {
  /** What stands in front of the command for this user to run it. */
  readonly prefix: readonly string[];
  /** The user's own, for the plan; null for the folder of the benchmark. */
  readonly folder: string | null;
}

const ROOT: Compiler = { prefix: [], folder: null };

/**
 * A folder of the benchmark's own: compiled yardsticks, a domain file, its plan and the same rules
 * for the bare C program.
 */
export class Scratch {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "cofferdam-bench-"));

  constructor() {
    fs.chmodSync(this.folder, PUBLIC_FOLDER);
    for (const name of ["micro", "bare"]) this.program(name);
  }

  /** Compiles one of `programs/`. */
  program(name: string, options: readonly string[] = ["-pthread"]): string {
    execFileSync("gcc", [
      "-O2",
      ...options,
      "-o",
      this.file(name),
      path.join(clone, "bench/programs", `${name}.c`),
    ]);
    return this.file(name);
  }

  file(name: string): string {
    return path.join(this.folder, name);
  }

  /** Writes a domain file and brings its plan into the form that `bare` reads. */
  domain(name: string, text: string): { policy: string; rules: string; filter: string } {
    const { policy, filter, plan } = this.#planned(name, text);
    const { landlock } = plan;
    if (landlock === null) throw new Error("the plan has no Landlock layer");
    const lines = [
      `handled ${landlock.handledFs} ${landlock.handledNet} ${landlock.scoped}`,
      ...landlock.paths.map(({ path: at, rights }) => `path ${rights} ${at}`),
      ...landlock.ports.map(({ port, rights }) => `port ${rights} ${port}`),
    ];
    const rules = this.file(`${name}.rules`);
    fs.writeFileSync(rules, `${lines.join("\n")}\n`);
    return { policy, rules, filter };
  }

  /**
   * The same for a supervised domain, which has no layer except its filter. `compiler`: the user
   * that compiles it; for different users different calls are notified.
   */
  supervised(name: string, text: string, compiler = ROOT): { policy: string; filter: string } {
    const policy = this.file(`${name}.yaml`);
    fs.writeFileSync(policy, text);
    return { policy, filter: this.filter(name, ["--policy", policy], compiler) };
  }

  /** Writes the filter of a domain's plan into a file, for `supervisor`. */
  filter(name: string, domain: readonly string[], compiler = ROOT): string {
    return this.#compiled(name, domain, compiler).filter;
  }

  #planned(name: string, text: string): { policy: string; filter: string; plan: Plan } {
    const policy = this.file(`${name}.yaml`);
    fs.writeFileSync(policy, text);
    return { policy, ...this.#compiled(name, ["--policy", policy], ROOT) };
  }

  #compiled(
    name: string,
    domain: readonly string[],
    { prefix, folder }: Compiler,
  ): { filter: string; plan: Plan } {
    const planFile = path.join(folder ?? this.folder, `${name}.plan`);
    const [program, ...args] = [...prefix, cofferdam, "compile", "--out", planFile, ...domain];
    execFileSync(program ?? cofferdam, args, { stdio: ["ignore", "inherit", "inherit"] });
    const plan = decodePlan(fs.readFileSync(planFile));
    if (plan.seccomp === null) throw new Error("the plan has no filter");
    const filter = this.file(`${name}.filter`);
    fs.writeFileSync(filter, plan.seccomp.filter);
    return { filter, plan };
  }

  close(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

export function installed(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

/** The value that `share` of the others do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
