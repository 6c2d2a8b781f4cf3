import { Mismatch, type Schema } from "./schema.ts";

export type Read<T> =
  | { readonly state: "good"; readonly value: T }
  /** `problem`: what is wrong, worded to follow "FILE is broken: ". */
  | { readonly state: "bad"; readonly problem: string };

/** Reads JSON that a schema describes. */
export function readJson<T>(schema: Schema<T>, text: string): Read<T> {
  const value = jsonOf(text);
  if (value !== undefined) return readValue(schema, value);
  return { state: "bad", problem: text === "" ? "it is empty" : "it is no JSON, or not all of it" };
}

export function readValue<T>(schema: Schema<T>, value: unknown): Read<T> {
  try {
    return { state: "good", value: schema.read(value) };
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    const where = error.path.length === 0 ? "the whole" : `\`${spelled(error.path)}\``;
    return { state: "bad", problem: `${where} ${error.what}` };
  }
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Longest name of a member in a message, characters. */
const MEMBER_LENGTH_MAX = 60;

/**
 * Spells a path like `domains[2].level`. Its names come from the JSON's author, so they are made
 * safe for a terminal.
 */
function spelled(path: readonly (string | number)[]): string {
  return path
    .map((key, at) => {
      if (typeof key === "number") return `[${key}]`;
      const name = key.slice(0, MEMBER_LENGTH_MAX).replace(/[^\x20-\x5f\x61-\x7e]/g, "?");
      return at === 0 ? name : `.${name}`;
    })
    .join("");
}
