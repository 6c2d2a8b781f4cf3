import { compileEntries } from "../diagnostics/catalogue/compile.ts";
import type { CatalogueEntry } from "../diagnostics/catalogue/entry.ts";

/** Without its place in a file, which `compile.ts` adds. */
export interface CompileProblem {
  readonly name: CompileProblemName;
  readonly values: Readonly<Record<string, string>>;
}

export type CompileProblemName = keyof typeof compileEntries;

type Placeholders<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;
type Values<N extends CompileProblemName> = Readonly<
  Record<
    Placeholders<(typeof compileEntries)[N]["message"] | (typeof compileEntries)[N]["fix"]>,
    string
  >
>;

export function problem<N extends CompileProblemName>(name: N, values: Values<N>): CompileProblem {
  return { name, values };
}

export function isError({ name }: CompileProblem): boolean {
  const entry: CatalogueEntry = compileEntries[name];
  return entry.severity === "error";
}
