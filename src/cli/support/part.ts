import type { Context } from "../command.ts";

/** One file of a bundle, and how it comes about. */
export interface Part {
  readonly name: string;
  readonly source: string;
  /**
   * `lines`: what one line says has nothing to do with the others. `records`: each line is a JSON
   * value.
   */
  readonly form: "text" | "lines" | "records";
  /** Throws where it cannot be had: the message says why. */
  take(context: Context): string | Promise<string> | Taken;
}

export interface Taken {
  readonly text: string;
  readonly note: string | null;
}
