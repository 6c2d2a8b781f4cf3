import { createRequire } from "node:module";
import { readJson } from "../../base/read-json.ts";
import * as is from "../../base/schema.ts";
import { number } from "../syscalls.ts";
import { childSource } from "./child-source.ts";
import { startChild } from "./start-child.ts";

/** A number, a buffer's name, or the result of an earlier step, by label. */
export type ChildArgument = number | string | { readonly resultOf: string };

/** A list of system calls for a fresh process. Each result is found by the call's label. */
export class ChildProgram {
  readonly #buffers: Record<string, string> = {};
  readonly #steps: unknown[] = [];
  readonly #labels: string[] = [];

  buffer(name: string, bytes: Uint8Array): this {
    this.#buffers[name] = Buffer.from(bytes).toString("hex");
    return this;
  }

  call(label: string, call: string, ...args: readonly ChildArgument[]): this {
    return this.#add(label, { call: numberOf(call), args: this.#resolve(args) });
  }

  /**
   * Makes the call on a new thread, which inherits filters and layers; {@link join} waits for it.
   */
  start(call: string, ...args: readonly ChildArgument[]): this {
    return this.#add("", { start: numberOf(call), args: this.#resolve(args) });
  }

  join(label: string): this {
    return this.#add(label, { join: true });
  }

  /** If that result is negative, no further step is done, and all get the same result. */
  need(label: string): this {
    return this.#add("", { need: this.#labels.lastIndexOf(label) });
  }

  /** 32 bits. */
  store(label: string, to: string, at: number): this {
    return this.#add("", { store: { result: this.#labels.lastIndexOf(label), to, at } });
  }

  /** From `at` of one buffer to the start of another. */
  copy(from: string, at: number, to: string, length: number): this {
    return this.#add("", { copy: { from, at, to, length } });
  }

  /** The address of buffer `to`, into another buffer. */
  point(inside: string, at: number, to: string): this {
    return this.#add("", { point: { in: inside, at, to } });
  }

  /**
   * Returns the results by label, negative for an error number. Throws if the child did not finish.
   */
  run(): ReadonlyMap<string, number> {
    return this.begin()();
  }

  /**
   * The returned function waits for the program's end and returns its results; it must be called.
   */
  begin(): () => ReadonlyMap<string, number> {
    const koffi = createRequire(import.meta.url).resolve("koffi");
    const input = JSON.stringify({ buffers: this.#buffers, steps: this.#steps });
    const finish = startChild(process.execPath, ["-e", childSource, koffi], input);
    return () => {
      const read = readJson(is.list(is.number), finish());
      if (read.state === "bad") throw new Error(`the probing child's results: ${read.problem}`);
      const results = read.value;
      return new Map(this.#labels.map((label, index) => [label, results[index] ?? Number.NaN]));
    };
  }

  #add(label: string, step: unknown): this {
    this.#labels.push(label);
    this.#steps.push(step);
    return this;
  }

  #resolve(args: readonly ChildArgument[]): unknown[] {
    return args.map((arg) =>
      typeof arg === "object" ? { result: this.#labels.lastIndexOf(arg.resultOf) } : arg,
    );
  }
}

/** Reads the child's results at its end; `drop` runs whatever happens. */
export function cleanly<T>(
  child: ChildProgram,
  drop: () => void,
  read: (results: ReadonlyMap<string, number>) => T,
): () => T {
  try {
    const finish = child.begin();
    return () => {
      try {
        return read(finish());
      } finally {
        drop();
      }
    };
  } catch (error) {
    drop();
    throw error;
  }
}

/** A missing label is a mistake in the probe. */
export function resultOf(results: ReadonlyMap<string, number>, label: string): number {
  const result = results.get(label);
  if (result === undefined) throw new Error(`the probe has no step ${label}`);
  return result;
}

function numberOf(call: string): number {
  const nr = number(call);
  if (nr === null) throw new Error(`no system call is called ${call}`);
  return nr;
}
