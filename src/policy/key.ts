/** `language.ts` has all keys. */
export interface Key {
  /** `rules` are lists of short lines. */
  readonly shape:
    | "text"
    | "choice"
    | "texts"
    | "choices"
    | "rules"
    | "entries"
    | "variables"
    | "parameters";
  /** Abstractions have grants, variables and includes only. */
  readonly inAbstraction: boolean;
  readonly summary: string;
  /** Form of one line, for messages and the reference. */
  readonly form: string;
  readonly example: string;
  readonly standard: string;
  readonly choices?: readonly string[];
  /** For the reference. */
  readonly meanings?: Readonly<Record<string, string>>;
}
