import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { decodePlan } from "../src/plan/decode.ts";

export const clone = path.resolve(import.meta.dirname, "..");
export const cofferdam = path.join(clone, "bin/cofferdam");

/** A folder of the benchmark's own: compiled yardsticks, a domain file, its plan and the same rules for the bare C program. */
export class Scratch {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "cofferdam-bench-"));

  constructor() {
    fs.chmodSync(this.folder, 0o755);
    for (const name of ["micro", "bare"]) {
      execFileSync("gcc", ["-O2", "-o", this.file(name), path.join(clone, "bench/programs", `${name}.c`)]);
    }
  }

  file(name: string): string {
    return path.join(this.folder, name);
  }

  /** Writes a domain file and brings its plan into the form that `bare` reads. */
  domain(name: string, text: string): { policy: string; rules: string; filter: string } {
    const policy = this.file(`${name}.yaml`);
    const [planFile, rules, filter] = [
      this.file(`${name}.plan`),
      this.file(`${name}.rules`),
      this.file(`${name}.filter`),
    ];
    fs.writeFileSync(policy, text);
    execFileSync(cofferdam, ["compile", "--out", planFile, "--policy", policy], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    const { landlock, seccomp } = decodePlan(fs.readFileSync(planFile));
    if (landlock === null || seccomp === null) throw new Error("the plan has no layers");
    const lines = [
      `handled ${landlock.handledFs} ${landlock.handledNet} ${landlock.scoped}`,
      ...landlock.paths.map(({ path: at, rights }) => `path ${rights} ${at}`),
      ...landlock.ports.map(({ port, rights }) => `port ${rights} ${port}`),
    ];
    fs.writeFileSync(rules, `${lines.join("\n")}\n`);
    fs.writeFileSync(filter, seccomp.filter);
    return { policy, rules, filter };
  }

  close(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

export function installed(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
