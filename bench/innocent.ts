import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { Scratch } from "./scratch.ts";
import { parseCalls, type Slowest, slowestOf } from "./slowest.ts";

export const INNOCENT = "bench-innocent";

/** Its calls are timed for so long. */
const TIMED_MS = 1_200;
/** A call that keeps the innocent domain longer after its time lasts until the attack is over. */
const KEPT_MS_MAX = 2_500;
/** From then on it must end by itself. */
const FREED_MS_MAX = 20_000;
const START_MS_MAX = 30_000;
const LOOK_MS = 20;

/** What starts a domain of root's, with its output in a file. */
type Start = (domain: string, command: readonly string[], output: string) => ChildProcess;

export interface Timed {
  readonly slowest: Slowest;
  /** A call came to its end only with the attack. */
  readonly isKept: boolean;
}

/** The program of the innocent domain, and all that its policy grants. */
export class InnocentProgram {
  readonly #scratch: Scratch;
  readonly #slowest: string;
  readonly #one: string;
  readonly #port: number;
  readonly folder: string;

  constructor(scratch: Scratch, port: number) {
    this.#scratch = scratch;
    this.#port = port;
    this.#one = scratch.program("one", ["-static", "-nostdlib"]);
    this.#slowest = scratch.program("slowest");
    this.folder = scratch.file("innocent-folder");
    fs.mkdirSync(this.folder);
    fs.writeFileSync(`${this.folder}/there`, "x");
  }

  get policy(): string {
    return `summary: benchmark
level: enforcing
mediation: supervised
include: [base]
files:
  - rx ${this.#slowest} ${this.#one}
  - rwcd ${this.folder}/**
network: [connect tcp ${this.#port}]
inherit: [stdio]
syscalls: ["@system-service"]
`;
  }

  get output(): string {
    return this.#scratch.file("innocent-output");
  }

  get command(): readonly string[] {
    return [this.#slowest, this.folder, String(this.#port), this.#one, String(TIMED_MS)];
  }
}

/** The innocent domain, started and warm, which waits for a file to begin. */
export class Innocent {
  readonly #run: ChildProcess;
  readonly #program: InnocentProgram;

  private constructor(run: ChildProcess, program: InnocentProgram) {
    this.#run = run;
    this.#program = program;
  }

  static async start(program: InnocentProgram, start: Start): Promise<Innocent> {
    const { folder, output, command } = program;
    for (const name of ["go", "started"]) fs.rmSync(`${folder}/${name}`, { force: true });
    const run = start(INNOCENT, command, output);
    for (
      const since = performance.now();
      !fs.existsSync(`${folder}/started`);
      await pause(LOOK_MS)
    ) {
      if (run.exitCode === null && performance.now() - since < START_MS_MAX) continue;
      run.kill("SIGKILL");
      throw new Error(`the innocent domain does not start:\n${fs.readFileSync(output, "utf8")}`);
    }
    return new Innocent(run, program);
  }

  /** `over` ends the attack, where the domain is kept by it. */
  async timed(over: () => void): Promise<Timed> {
    const ended = once(this.#run, "exit");
    fs.writeFileSync(`${this.#program.folder}/go`, "");
    const isKept = !(await within(ended, TIMED_MS + KEPT_MS_MAX));
    if (isKept) over();
    if (isKept && !(await within(ended, FREED_MS_MAX))) {
      this.end();
      throw new Error("an innocent domain is kept although the attack is over");
    }
    const report = fs.readFileSync(this.#program.output, "utf8");
    const slowest = slowestOf(parseCalls(report));
    if (slowest === null) throw new Error(`the innocent domain does nothing:\n${report}`);
    return { slowest, isKept };
  }

  end(): void {
    this.#run.kill("SIGKILL");
  }
}

async function within(ended: Promise<unknown>, ms: number): Promise<boolean> {
  const controller = new AbortController();
  const late = pause(ms, false, { signal: controller.signal }).catch(() => true);
  const result = await Promise.race([ended.then(() => true), late]);
  controller.abort();
  return result;
}
