import { Automaton, FilePermission } from "./automaton.ts";

/** A profile as apparmor_parser hands it to the kernel (`security/apparmor/policy_unpack.c`). */
export interface CompiledProfile {
  readonly name: string;
  readonly mode: Mode;
  /** Whether the kernel would put a program of this name into it. */
  attachesTo(program: string): boolean;
  /** null: it has no rules about files, and grants none. */
  readonly files: Automaton | null;
}

const modes = ["enforce", "complain", "kill", "unconfined"] as const;
type Mode = (typeof modes)[number] | "unknown";

type Value = number | bigint | string | Buffer | readonly Item[];

interface Item {
  readonly name: string | null;
  readonly value: Value;
}

const Code = {
  ...{ u8: 0, u16: 1, u32: 2, u64: 3, name: 4, string: 5, blob: 6 },
  ...{ struct: 7, structEnd: 8, list: 9, listEnd: 10, array: 11, arrayEnd: 12 },
} as const;

/** @throws Error if apparmor_parser has not written it, or in a form that is not known here */
export function readCompiled(bytes: Buffer): readonly CompiledProfile[] {
  return new Reader(bytes)
    .items()
    .filter(({ name }) => name === "profile")
    .map(({ value }) => profileOf(value as readonly Item[]));
}

function profileOf(items: readonly Item[]): CompiledProfile {
  const name = String(items[0]?.value);
  const place = (wanted: string): number => items.findIndex((item) => item.name === wanted);
  const automatons = items.flatMap(({ name: kind, value }, at) =>
    kind === "aadfa" ? [{ at, automaton: new Automaton(value as Buffer) }] : [],
  );
  const flags = place("flags");
  const attachment = automatons.find(({ at }) => at < flags)?.automaton;
  const files = automatons.find(({ at }) => at > flags)?.automaton ?? null;
  if (place("perms") >= 0 || place("dfa_start") >= 0)
    throw new Error(`${name}: its file rules are in a form that is not known here`);
  const [, mode] = (items[flags]?.value ?? []) as readonly Item[];
  return {
    name,
    mode: modes[Number(mode?.value)] ?? "unknown",
    attachesTo: (program) =>
      attachment === undefined
        ? name === program
        : (attachment.permissions(program).owner & FilePermission.execute) !== 0,
    files,
  };
}

/** The format is a row of values, each with its kind in front, some with a name; little-endian. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Up to the end, or to the mark that ends a structure. */
  items(end: number | null = null): readonly Item[] {
    const items: Item[] = [];
    while (this.#at < this.#bytes.length) {
      let code = this.#number(1);
      if (code === end) return items;
      let name: string | null = null;
      if (code === Code.name) {
        name = this.#text();
        code = this.#number(1);
      }
      items.push({ name, value: this.#value(code) });
    }
    if (end !== null) throw new Error("a compiled profile ends in the middle");
    return items;
  }

  #value(code: number): Value {
    switch (code) {
      case Code.u8:
        return this.#number(1);
      case Code.u16:
        return this.#number(2);
      case Code.u32:
        return this.#number(4);
      case Code.u64:
        return this.#take(8).readBigUInt64LE();
      case Code.string:
        return this.#text();
      case Code.blob:
        return this.#take(this.#number(4));
      case Code.struct:
        return this.items(Code.structEnd);
      case Code.list:
        return this.items(Code.listEnd);
      case Code.array:
        this.#number(2);
        return this.items(Code.arrayEnd);
      default:
        throw new Error(`a compiled profile has a value of the kind ${code} at ${this.#at - 1}`);
    }
  }

  #number(bytes: number): number {
    return this.#take(bytes).readUIntLE(0, bytes);
  }

  /** It ends with a zero byte. */
  #text(): string {
    return this.#take(this.#number(2)).toString().replace(/\0$/, "");
  }

  #take(length: number): Buffer {
    const from = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new Error("a compiled profile ends in the middle");
    return this.#bytes.subarray(from, this.#at);
  }
}
