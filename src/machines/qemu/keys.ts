import { nearest } from "../../diagnostics/nearest.ts";
import { complain } from "../complaint.ts";
import type { Origin } from "../resource.ts";
import type { Argument } from "./argument.ts";

interface Pair {
  readonly name: string;
  readonly value: string;
  readonly offset: number;
}

/**
 * The value of an option as QEMU reads it: `name=value,name=value`, or JSON if the option accepts
 * it. Names of nested values have dots. A reader asks for each name that it knows. `done` reports
 * all other names, so that no file is overlooked.
 */
export class Keys {
  readonly argument: Argument;
  readonly #pairs: readonly Pair[];
  readonly #known = new Set<string>();

  private constructor(argument: Argument, pairs: readonly Pair[]) {
    this.argument = argument;
    this.#pairs = pairs;
  }

  /** `implied`: the name of a first word without `=`. */
  static of(argument: Argument, implied: string | null = null): Keys {
    const isJson = argument.value.startsWith("{");
    return new Keys(argument, isJson ? fromJson(argument) : fromText(argument.value, implied));
  }

  /** Whether any name begins with `prefix`. */
  hasBelow(prefix: string): boolean {
    return this.#pairs.some(({ name }) => name.startsWith(prefix));
  }

  /**
   * The value; null if absent. A name that is given twice is refused, because it depends on the
   * option which value counts.
   */
  get(name: string): string | null {
    const [found, second] = this.#find(name);
    if (second !== undefined)
      complain(this.argument.origin(second.offset), `\`${name}\` is given twice`, "give it once");
    return found?.value ?? null;
  }

  need(name: string, what: string): string {
    return this.get(name) ?? complain(this.argument.origin(), `\`${name}=\` is missing`, what);
  }

  all(name: string): readonly string[] {
    return this.#find(name).map(({ value }) => value);
  }

  isOn(name: string): boolean {
    return /^(on|yes|true|y)$/.test(this.get(name) ?? "");
  }

  path(name: string): string | null {
    const value = this.get(name);
    return value === null || value === "" ? null : this.argument.path(value);
  }

  where(name: string): Origin {
    return this.argument.origin(this.#pairs.find((pair) => pair.name === name)?.offset ?? null);
  }

  /**
   * Names that concern nothing of the host. A name that ends with `.` stands for all names that
   * begin with it.
   */
  harmless(...names: readonly string[]): void {
    for (const name of names) {
      if (name.endsWith("."))
        for (const pair of this.#pairs) if (pair.name.startsWith(name)) this.#known.add(pair.name);
      this.#known.add(name);
    }
  }

  /** Refuses names by which the emulator would reach something that no rule can describe. */
  refuse(names: Readonly<Record<string, string>>): void {
    for (const [name, help] of Object.entries(names))
      if (this.#find(name).length > 0)
        complain(this.where(name), `\`${name}=\` is not allowed in a domain`, help);
  }

  /** Reports the first name that no reader asked for. */
  done(): void {
    const odd = this.#pairs.find(({ name }) => !this.#known.has(name));
    if (odd === undefined) return;
    const near = nearest(odd.name, this.#known);
    const help =
      near === null
        ? "leave it out, or write a rule for it into /etc/cofferdam/domains/vm@.yaml and report it"
        : `did you mean \`${near}\`?`;
    complain(
      this.argument.origin(odd.offset),
      `\`${odd.name}\` is not known of ${this.argument.named}`,
      help,
    );
  }

  /**
   * For options with hundreds of properties: reports an unknown name only if its value may name a
   * file.
   */
  doneWithProperties(): void {
    const odd = this.#pairs.find(
      ({ name, value }) => !this.#known.has(name) && value.includes("/"),
    );
    if (odd !== undefined)
      complain(
        this.argument.origin(odd.offset),
        `\`${odd.name}=${odd.value}\` may name a file of the host, and is not known`,
        "use a property that is listed in docs/machines.md",
      );
  }

  #find(name: string): readonly Pair[] {
    this.#known.add(name);
    return this.#pairs.filter((pair) => pair.name === name);
  }
}

/** `,,` is a comma. A word without `=` means on, or off if it begins with `no`. */
function fromText(text: string, implied: string | null): readonly Pair[] {
  const pairs: Pair[] = [];
  for (let at = 0; at < text.length; ) {
    let end = at;
    while (end < text.length && (text[end] !== "," || text[end + 1] === ","))
      end += text[end] === "," ? 2 : 1;
    const word = text.slice(at, end).replaceAll(",,", ",");
    const equals = word.indexOf("=");
    if (equals > 0)
      pairs.push({ name: word.slice(0, equals), value: word.slice(equals + 1), offset: at });
    else if (at === 0 && implied !== null) pairs.push({ name: implied, value: word, offset: at });
    else if (word.startsWith("no")) pairs.push({ name: word.slice(2), value: "off", offset: at });
    else if (word !== "") pairs.push({ name: word, value: "on", offset: at });
    at = end + 1;
  }
  return pairs;
}

function fromJson(argument: Argument): readonly Pair[] {
  const pairs: Pair[] = [];
  const flatten = (name: string, value: unknown): void => {
    if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value))
        flatten(name === "" ? key : `${name}.${key}`, inner);
    else {
      const text =
        typeof value === "boolean" ? (value ? "on" : "off") : value === null ? "" : String(value);
      pairs.push({ name, value: text, offset: 0 });
    }
  };
  try {
    flatten("", JSON.parse(argument.value));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    complain(argument.origin(), `no JSON: ${error.message}`, "quote it for the shell");
  }
  return pairs;
}
