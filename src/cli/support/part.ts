import type { Context } from "../command.ts";

/** One file of a bundle, and how to make it. */
export interface Part {
  readonly name: string;
  readonly source: string;
  /**
   * How secrets are searched. `lines`: each line by itself. `records`: each line is a JSON value.
   */
  readonly form: "text" | "lines" | "records";
  /** Throws if it cannot be had; the message says why. */
  take(context: Context): string | Promise<string> | Taken;
}

export interface Taken {
  readonly text: string;
  readonly note: string | null;
}
