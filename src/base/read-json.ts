import * as z from "zod/mini";

/**
 * Reads what another process, another version or a person wrote: JSON becomes a typed value only by
 * a schema, and what does not fit is told by its member.
 */
export type Schema<T> = z.core.$ZodType<T>;

/** The type that a schema describes. */
export type Described<S extends z.core.$ZodType> = DeepReadonly<z.output<S>>;

type DeepReadonly<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer E)[]
    ? readonly DeepReadonly<E>[]
    : T extends object
      ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
      : T;

export type Read<T> =
  | { readonly state: "good"; readonly value: T }
  /** `problem`: what is wrong, as a clause that stands behind "FILE is broken: ". */
  | { readonly state: "bad"; readonly problem: string };

export function readJson<T>(schema: Schema<T>, text: string): Read<T> {
  const value = jsonOf(text);
  if (value !== undefined) return readValue(schema, value);
  return { state: "bad", problem: text === "" ? "it is empty" : "it is no JSON, or not all of it" };
}

export function readValue<T>(schema: Schema<T>, value: unknown): Read<T> {
  // Without code that is made at run time: a confined process may be kept from making any.
  const result = z.safeParse(schema, value, { jitless: true, reportInput: true });
  if (result.success) return { state: "good", value: result.data };
  const [issue] = result.error.issues;
  return { state: "bad", problem: issue === undefined ? "it does not fit" : problemOf(issue) };
}

/** Whether a value is as the schema says, of one that only looks and turns nothing into else. */
export function fits(schema: Schema<unknown>, value: unknown): boolean {
  return z.safeParse(schema, value, { jitless: true }).success;
}

/** Text that is JSON, of whatever kind; undefined for what is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Values of a closed list that an error names one by one. */
const VALUES_NAMED_MAX = 8;
/** Characters of a member's name in an error. */
const MEMBER_LENGTH_MAX = 60;

function problemOf(issue: z.core.$ZodIssue): string {
  const where = issue.path.length === 0 ? "the whole" : `\`${spelled(issue.path)}\``;
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined
        ? `${where} is missing`
        : `${where} is no ${typeWords[issue.expected] ?? issue.expected}`;
    case "invalid_value": {
      const values = issue.values.slice(0, VALUES_NAMED_MAX).map(String).join(", ");
      const isAll = issue.values.length <= VALUES_NAMED_MAX;
      return issue.input === undefined
        ? `${where} is missing`
        : `${where} is none of: ${values}${isAll ? "" : ", ..."}`;
    }
    case "unrecognized_keys": {
      const key = spelled([...issue.path, issue.keys[0] ?? ""]);
      return `\`${key}\` is not known here`;
    }
    case "too_small":
    case "too_big":
      return `${where} is out of range`;
    default:
      return `${where} is not of a form that is known here`;
  }
}

const typeWords: Readonly<Record<string, string>> = {
  string: "text",
  int: "whole number",
  array: "list",
  record: "object",
};

/** `domains[2].level`. Names of members come from whoever wrote it: nothing of them acts. */
function spelled(path: readonly PropertyKey[]): string {
  return path
    .map((key, at) => {
      if (typeof key === "number") return `[${key}]`;
      const name = String(key)
        .slice(0, MEMBER_LENGTH_MAX)
        .replace(/[^\x20-\x5f\x61-\x7e]/g, "?");
      return at === 0 ? name : `.${name}`;
    })
    .join("");
}
