import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { compileC } from "../../support/compile-c.ts";

/**
 * An act, what it is done to, and a number that some acts need: a thread, a descriptor, an address.
 */
export type Act = readonly [act: string, object: string | number, number?: number | undefined];

export function buildActs(folder: string): string {
  const program = join(folder, "acts");
  const source = join(import.meta.dirname, "acts.c");
  compileC(program, source, ["-O1", "-Wall", "-Wextra", "-Werror", "-pthread"]);
  return program;
}

/** A program that mounts a slow file system, then becomes another one. */
export function buildFuse(folder: string): string {
  const program = join(folder, "fuse");
  compileC(program, join(import.meta.dirname, "..", "..", "mediate", "fuse.c"), ["-O1"]);
  return program;
}

/** Above what it opens itself. */
export const INHERITED = 9;

/** A running `acts`, inside a domain or outside, that follows orders. */
export class Actor {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  #said = "";
  pid = 0;

  private constructor(command: string, args: readonly string[], inherited: number | null) {
    const others = inherited === null ? [] : [...Array(INHERITED - 3).fill("ignore"), inherited];
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe", ...others], cwd: "/" });
    this.#child.stderr?.on("data", (text) => {
      this.#said += text;
    });
    this.#lines = createInterface({
      input: this.#child.stdout as NonNullable<ChildProcess["stdout"]>,
    });
  }

  /** `inherited`: an open file that is left to it as its descriptor {@link INHERITED}. */
  static async start(
    command: string,
    args: readonly string[],
    inherited: number | null = null,
  ): Promise<Actor> {
    const actor = new Actor(command, args, inherited);
    const ready = await actor.#next();
    actor.pid = Number(/^ready (\d+)$/.exec(ready)?.[1]);
    return actor;
  }

  /** Some thread of the process that is not its first. */
  get thread(): number {
    return secondThread(this.pid);
  }

  async does(...[act, object, number]: Act): Promise<string> {
    this.#child.stdin?.write(`${act} ${object} ${number ?? 0}\n`);
    return await this.#next();
  }

  /** `ACT OBJECT` and what it came to, of all that came to `ok`, or of all others. */
  async tries(
    acts: readonly Act[],
  ): Promise<{ readonly done: string[]; readonly refused: string[] }> {
    const done: string[] = [];
    const refused: string[] = [];
    for (const act of acts) {
      const result = await this.does(...act);
      (result === "ok" ? done : refused).push(`${act[0]} ${act[1]}: ${result}`);
    }
    return { done, refused };
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, "close");
    this.#child.stdin?.end();
    await ended;
  }

  async #next(): Promise<string> {
    const waiting = new AbortController();
    const { signal } = waiting;
    const line = once(this.#lines, "line", { signal }).then(([text]) => text as string);
    const over = once(this.#child, "close", { signal }).then(() => {
      throw new Error(`the actor ended: ${this.#said}`);
    });
    try {
      return await Promise.race([line, over]);
    } finally {
      waiting.abort();
      await Promise.allSettled([line, over]);
    }
  }
}

export function secondThread(pid: number): number {
  return Number(readdirSync(`/proc/${pid}/task`).find((tid) => Number(tid) !== pid) ?? pid);
}
