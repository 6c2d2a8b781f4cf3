import { shippedFile } from "../shipped-file.ts";
import { ofEachArgument, struct } from "../struct.ts";
import { number } from "../syscalls.ts";
import { startChild } from "./start-child.ts";

/** A number, a buffer's name, or the result of an earlier step, by label. */
export type ChildArgument = number | string | { readonly resultOf: string };

/** `native/feature-probe/program.h`, as are the two lists below. */
export const childHead = struct("struct program", { memory: "u64", steps: "u64" });
export const childStep = struct("struct step", {
  kind: "u8",
  ...ofEachArgument("argument_kinds", "u8"),
  padding: "u8",
  number: "u64",
  ...ofEachArgument("arguments", "u64"),
});
export const stepKinds = ["call", "start", "join", "need", "store", "copy", "point"] as const;
export const argumentKinds = ["number", "address", "result"] as const;

type Argument = readonly [kind: (typeof argumentKinds)[number], value: number];

/** Of each buffer in the child's memory, as malloc(3) aligns. */
const ALIGNMENT = 16;
const RESULT_BYTES = 8;

/**
 * A list of system calls for a fresh process, which `native/feature-probe` makes: one of Node's
 * takes a tenth of a second to start, and who compiles a policy waits for three. Each result is
 * found by the call's label.
 */
export class ChildProgram {
  readonly #memory: Buffer[] = [];
  /** Where a buffer begins in the memory. */
  readonly #offsets = new Map<string, number>();
  readonly #steps: Buffer[] = [];
  readonly #labels: string[] = [];

  buffer(name: string, bytes: Uint8Array): this {
    this.#offsets.set(name, this.#memoryBytes());
    const padded = Math.max(ALIGNMENT, Math.ceil(bytes.length / ALIGNMENT) * ALIGNMENT);
    this.#memory.push(Buffer.concat([bytes], padded));
    return this;
  }

  call(label: string, call: string, ...args: readonly ChildArgument[]): this {
    return this.#add(label, "call", this.#resolve(args), call);
  }

  /**
   * Makes the call on a new thread, which inherits filters and layers; {@link join} waits for it.
   */
  start(call: string, ...args: readonly ChildArgument[]): this {
    return this.#add("", "start", this.#resolve(args), call);
  }

  join(label: string): this {
    return this.#add(label, "join", []);
  }

  /** If that result is negative, no further step is done, and all get the same result. */
  need(label: string): this {
    return this.#add("", "need", [this.#result(label)]);
  }

  /** 32 bits. */
  store(label: string, to: string, at: number): this {
    return this.#add("", "store", [this.#address(to, at), this.#result(label)]);
  }

  /** From `at` of one buffer to the start of another. */
  copy(from: string, at: number, to: string, length: number): this {
    const addresses = [this.#address(to), this.#address(from, at)];
    return this.#add("", "copy", [...addresses, ["number", length]]);
  }

  /** The address of buffer `to`, into another buffer. */
  point(inside: string, at: number, to: string): this {
    return this.#add("", "point", [this.#address(inside, at), this.#address(to)]);
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
    const memory = BigInt(this.#memoryBytes());
    const head = childHead.encode({ memory, steps: BigInt(this.#steps.length) });
    const input = Buffer.concat([head, ...this.#memory, ...this.#steps]);
    const finish = startChild(shippedFile("dist/feature-probe"), input);
    return () => {
      const output = finish();
      if (output.length !== this.#steps.length * RESULT_BYTES)
        throw new Error(`the probing child gave ${output.length} bytes of results`);
      const result = (index: number) => Number(output.readBigInt64LE(index * RESULT_BYTES));
      return new Map(this.#labels.map((label, index) => [label, result(index)]));
    };
  }

  #add(
    label: string,
    kind: (typeof stepKinds)[number],
    args: readonly Argument[],
    call?: string,
  ): this {
    const fields = args.flatMap(([argumentKind, value], index) => [
      [`argument_kinds[${index}]`, argumentKinds.indexOf(argumentKind)],
      [`arguments[${index}]`, BigInt.asUintN(64, BigInt(value))],
    ]);
    const nr = call === undefined ? 0n : BigInt(numberOf(call));
    const step = { kind: stepKinds.indexOf(kind), number: nr, ...Object.fromEntries(fields) };
    this.#labels.push(label);
    this.#steps.push(childStep.encode(step));
    return this;
  }

  #resolve(args: readonly ChildArgument[]): readonly Argument[] {
    return args.map((arg) => {
      if (typeof arg === "number") return ["number", arg];
      return typeof arg === "string" ? this.#address(arg) : this.#result(arg.resultOf);
    });
  }

  #address(buffer: string, at = 0): Argument {
    const offset = this.#offsets.get(buffer);
    if (offset === undefined) throw new Error(`the probe has no buffer ${buffer}`);
    return ["address", offset + at];
  }

  #result(label: string): Argument {
    const step = this.#labels.lastIndexOf(label);
    if (step < 0) throw new Error(`the probe has no step ${label}`);
    return ["result", step];
  }

  #memoryBytes(): number {
    return this.#memory.reduce((sum, { length }) => sum + length, 0);
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
