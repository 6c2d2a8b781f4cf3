import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { IN_CLONE, scratchFolder } from "../../support/scratch.ts";

/**
 * A program of this folder, bundled so that node runs it in a process of its own, which can be
 * killed.
 */
export class ChildProgram {
  readonly #folder: string;
  readonly #bundle: string;
  readonly #started: ChildProcess[] = [];

  constructor(entry: string) {
    this.#folder = scratchFolder("events", { above: IN_CLONE });
    this.#bundle = join(this.#folder, "child.mjs");
    buildSync({
      entryPoints: [join(import.meta.dirname, entry)],
      outfile: this.#bundle,
      bundle: true,
      platform: "node",
      target: "node20",
      format: "esm",
      external: ["koffi"],
    });
  }

  start(...args: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, [this.#bundle, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#started.push(child);
    return child;
  }

  /** Ends what a failed test left running, too. */
  remove(): void {
    for (const child of this.#started) child.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
