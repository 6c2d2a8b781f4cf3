import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { compileC } from "../support/compile-c.ts";

/** What a program of load/ counted, by its words. */
export type Counts = Readonly<Record<string, number>>;

/** One of the programs in load/, built into `folder`. */
export class Load {
  readonly #child: ChildProcess;
  #output = "";
  #errors = "";

  constructor(folder: string, name: "http" | "redis", port: number, connections: number) {
    const program = path.join(folder, `load-${name}`);
    const source = path.join(import.meta.dirname, "load", `${name}.c`);
    compileC(program, source, ["-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread"]);
    this.#child = spawn(program, [String(port), String(connections)], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child.stdout?.on("data", (text) => {
      this.#output += text;
    });
    this.#child.stderr?.on("data", (text) => {
      this.#errors += text;
    });
  }

  /** Ends it; what was wrong is in the error. */
  async finish(): Promise<Counts> {
    const ended = once(this.#child, "close");
    this.#child.stdin?.end();
    await ended;
    const words = this.#output.trim().split(" ");
    const counts = Object.fromEntries(
      words.flatMap((word, at) => (at % 2 === 0 ? [[word, Number(words[at + 1])] as const] : [])),
    );
    if (counts.wrong !== 0)
      throw new Error(`wrong answers: ${this.#output}${this.#errors.slice(0, 4000)}`);
    return counts;
  }

  /** For ways out of a test that failed. */
  close(): void {
    this.#child.kill("SIGKILL");
  }
}
