/**
 * Describes JSON that another process, another version or a person has written. A schema reads a
 * value into its type, or says which member is wrong. ARCHITECTURE.md says why this is not a
 * library.
 */
export interface Schema<T> {
  /** The value without unknown members. @throws Mismatch */
  read(value: unknown): T;
}

export interface Optional<T> extends Schema<T> {
  readonly optional: true;
}

/** A member that earlier versions did not write; if it is missing, `absent` is its value. */
export interface Added<T> extends Schema<T> {
  readonly absent: T;
}

export type Described<S> = S extends Schema<infer T> ? T : never;

export class Mismatch extends Error {
  override readonly name = "Mismatch";
  /** The members and indices that lead to the wrong value. */
  readonly path: readonly (string | number)[];
  /** What is wrong, to follow the value's name: `is missing`. */
  readonly what: string;

  constructor(what: string, path: readonly (string | number)[] = []) {
    super(what);
    this.what = what;
    this.path = path;
  }
}

type Members = Readonly<Record<string, Schema<unknown>>>;
type OptionalNames<M> = {
  [N in keyof M]: M[N] extends Optional<unknown> ? N : never;
}[keyof M];
type Whole<T> = { [N in keyof T]: T[N] };
type ObjectOf<M> = Whole<
  { readonly [N in Exclude<keyof M, OptionalNames<M>>]: Described<M[N]> } & {
    readonly [N in OptionalNames<M>]?: Described<M[N]>;
  }
>;

export interface ObjectSchema<M extends Members> extends Schema<ObjectOf<M>> {
  readonly members: M;
}

export interface ListSchema<T> extends Schema<readonly T[]> {
  readonly each: Schema<T>;
}

/** An object that {@link kinds} may choose by one of its members. */
export interface MembersSchema<T> extends Schema<T> {
  readonly members: Members;
}

interface Literal<T> extends Schema<T> {
  readonly values: readonly T[];
}

export function object<M extends Members>(members: M): ObjectSchema<M> {
  const entries = Object.entries(members);
  return {
    members,
    read(value) {
      if (!isObject(value)) throw new Mismatch("is not an object");
      const read: Record<string, unknown> = {};
      for (const [name, schema] of entries) {
        if (Object.hasOwn(value, name)) read[name] = readAt(schema, value[name], name);
        else if ("absent" in schema) read[name] = schema.absent;
        else if (!("optional" in schema)) throw new Mismatch("is missing", [name]);
      }
      return read as ObjectOf<M>;
    },
  };
}

export function optional<T>({ read }: Schema<T>): Optional<T> {
  return { optional: true, read };
}

export function added<T>({ read }: Schema<T>, absent: T): Added<T> {
  return { read, absent };
}

/** Members of any name, whose values all have one schema. */
export function record<T>(schema: Schema<T>): Schema<Readonly<Record<string, T>>> {
  return {
    read(value) {
      if (!isObject(value)) throw new Mismatch("is not an object");
      const names = Object.keys(value);
      return Object.fromEntries(names.map((name) => [name, readAt(schema, value[name], name)]));
    },
  };
}

export function list<T>(schema: Schema<T>): ListSchema<T> {
  return {
    each: schema,
    read(value) {
      if (!Array.isArray(value)) throw new Mismatch("is not a list");
      return value.map((one: unknown, at) => readAt(schema, one, at));
    },
  };
}

/**
 * A long list, whose values a function checks: it is faster than a schema. A message names only the
 * index.
 */
export function listOf<T>(
  isOne: (value: unknown) => value is T,
  what: string,
): Schema<readonly T[]> {
  return {
    read(value) {
      if (!Array.isArray(value)) throw new Mismatch("is not a list");
      const odd = value.findIndex((one) => !isOne(one));
      if (odd >= 0) throw new Mismatch(`is not a ${what}`, [odd]);
      return value;
    },
  };
}

export function nullable<T>(schema: Schema<T>): Schema<T | null> {
  return { read: (value) => (value === null ? null : schema.read(value)) };
}

export const text: Schema<string> = {
  read(value) {
    if (typeof value === "string") return value;
    throw new Mismatch("is not text");
  },
};

export const boolean: Schema<boolean> = {
  read(value) {
    if (typeof value === "boolean") return value;
    throw new Mismatch("is neither true nor false");
  },
};

export const number: Schema<number> = {
  read(value) {
    if (typeof value === "number") return value;
    throw new Mismatch("is not a number");
  },
};

/** For a member that must be absent. */
export const nothing: Schema<never> = {
  read() {
    throw new Mismatch("does not belong here");
  },
};

/** Any value. */
export const anything: Schema<unknown> = { read: (value) => value };

/** A whole number within limits, both included. */
export function whole(
  first = Number.MIN_SAFE_INTEGER,
  last = Number.MAX_SAFE_INTEGER,
): Schema<number> {
  return {
    read(value) {
      if (typeof value !== "number" || !Number.isSafeInteger(value))
        throw new Mismatch("is not a whole number");
      if (value < first || value > last) throw new Mismatch("is out of range");
      return value;
    },
  };
}

/** Values of a list that a message names. */
const VALUES_NAMED_MAX = 8;

/** One of these values. */
export function oneOf<const T extends string | number | boolean>(
  ...values: readonly T[]
): Literal<T> {
  return {
    values,
    read(value) {
      const found = values.find((one) => one === value);
      if (found !== undefined) return found;
      const named = values.slice(0, VALUES_NAMED_MAX).join(", ");
      const more = values.length > VALUES_NAMED_MAX ? ", ..." : "";
      throw new Mismatch(`is none of: ${named}${more}`);
    },
  };
}

/** One of a record's names; the compiler checks that none is missing. */
export function oneOfNames<T extends string>(names: Readonly<Record<T, unknown>>): Literal<T> {
  return oneOf(...(Object.keys(names) as T[]));
}

/** Objects that differ in a literal member, such as `kind`. */
export function kinds<const S extends readonly MembersSchema<unknown>[]>(
  name: string,
  ...schemas: S
): Schema<Described<S[number]>> {
  const byValue = new Map(
    schemas.flatMap((schema) => {
      const { values } = schema.members[name] as Literal<unknown>;
      return values.map((value) => [value, schema] as const);
    }),
  );
  return {
    read(value) {
      if (!isObject(value)) throw new Mismatch("is not an object");
      if (!Object.hasOwn(value, name)) throw new Mismatch("is missing", [name]);
      const schema = byValue.get(value[name]);
      if (schema === undefined) throw new Mismatch("is none that is known here", [name]);
      return schema.read(value) as Described<S[number]>;
    },
  };
}

/** Passes a value that fits `schema` to `make`, which throws a Mismatch to reject it. */
export function mapped<T, U>(schema: Schema<T>, make: (value: T) => U): Schema<U> {
  return { read: (value) => make(schema.read(value)) };
}

export function matching(form: RegExp): Schema<string> {
  return mapped(text, (written) => {
    if (form.test(written)) return written;
    throw new Mismatch("is not of the form that it has to have");
  });
}

function readAt<T>(schema: Schema<T>, value: unknown, at: string | number): T {
  try {
    return schema.read(value);
  } catch (error) {
    if (error instanceof Mismatch) throw new Mismatch(error.what, [at, ...error.path]);
    throw error;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
