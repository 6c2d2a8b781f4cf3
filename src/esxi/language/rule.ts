import type { Span } from "../../diagnostics/diagnostic.ts";

/** One rule of ESXi's language, as written. */
export type EsxiRule = { readonly span: Span; readonly text: string } & (
  | { readonly verb: "-s"; readonly name: string }
  | { readonly verb: "-c"; readonly name: string }
  | { readonly verb: "-p"; readonly name: string; readonly selector: string }
  | {
      readonly verb: "-d";
      readonly label: string;
      readonly domain: string;
      readonly permission: string;
    }
  | { readonly verb: "-a"; readonly label: string; readonly permission: string }
  | { readonly verb: "-r"; readonly path: string; readonly letters: string }
  | { readonly verb: "-E"; readonly label: string; readonly domain: string }
  /**
   * Cofferdam's own comment for what this language cannot express: a key of a policy file and its
   * value in JSON.
   */
  | { readonly verb: "#+"; readonly key: string; readonly value: unknown }
);

/** The form of each verb's rule, for messages and `secpolicytools -k`. */
export const forms: Readonly<Record<EsxiRule["verb"], string>> = {
  "-s": "-s CLASS grant",
  "-c": "-c PERMISSION grant",
  "-p": "-p PERMISSION SELECTOR grant",
  "-d": "-d OBJECT DOMAIN PERMISSION grant",
  "-a": "-a OBJECT PERMISSION grant",
  "-r": "-r PATH [LETTERS], letters out of r, w and x",
  "-E": "-E OBJECT DOMAIN",
  "#+": "#+ KEY: VALUE, as in a policy file, the value in JSON",
};

export interface EsxiDomain {
  /** As written, e.g. `hostdDom`. */
  readonly name: string;
  /** From the header in a dump; otherwise null. */
  readonly level: string | null;
  readonly rules: readonly EsxiRule[];
}
