import { diagnose } from "../diagnostics/diagnose.ts";
import { type Diagnostic, type Report, type Span, startOf } from "../diagnostics/diagnostic.ts";
import { nearest } from "../diagnostics/nearest.ts";
import { decode } from "./1-parse/decode.ts";
import { nameOfKind } from "./1-parse/to-tree.ts";
import type { Pair, Scalar, Tree } from "./1-parse/tree.ts";
import { wordsOf } from "./1-parse/words.ts";
import { parseYaml } from "./1-parse/yaml.ts";
import { Library, type Shipped } from "./load/library.ts";

/** What a policy must answer. */
export const expectations = ["must-allow", "must-deny"] as const;
export type Expectation = (typeof expectations)[number];

/** One request of a file of cases, not yet read. */
export interface CaseLine {
  readonly expected: Expectation;
  readonly text: string;
  /** As they are written, with their backslashes. */
  readonly words: readonly string[];
  readonly span: Span;
}

export interface LoadedCases {
  readonly cases: readonly CaseLine[];
  readonly diagnostics: readonly Diagnostic[];
  /** For `renderDiagnostics`. */
  readonly sources: ReadonlyMap<string, string>;
}

/**
 * The cases in a file; null if there is no such file. Only root, the caller and, for a shipped one,
 * the owner of the program may have been able to change it: what is tested is relied upon.
 */
export function loadCases(
  file: string,
  owners: readonly number[],
  shipped: Shipped,
): LoadedCases | null {
  const library = new Library(owners, shipped);
  const diagnostics: Diagnostic[] = [];
  const report: Report = (diagnostic) => diagnostics.push(diagnostic);
  try {
    const bytes = library.read(file, startOf(file), report);
    if (bytes === "absent") return null;
    const cases = bytes === "refused" ? [] : parseCases(file, bytes, report);
    return { cases, diagnostics, sources: library.sources };
  } finally {
    library.close();
  }
}

function parseCases(file: string, bytes: Uint8Array, report: Report): readonly CaseLine[] {
  const text = decode(file, bytes, report);
  const tree = text === null ? null : parseYaml(file, text, report);
  if (tree === null) return [];
  if (tree.kind !== "mapping" || tree.pairs.length === 0) {
    report(wrongShape("a file of cases", "a mapping", tree));
    return [];
  }
  return tree.pairs.flatMap((pair) => linesOf(pair, report));
}

function linesOf({ key, value }: Pair, report: Report): readonly CaseLine[] {
  const expected = expectations.find((one) => one === key.value);
  if (expected === undefined) {
    const values = { key: key.value, where: "a file of cases", known: expectations.join(", ") };
    report(diagnose("unknown-key", key.span, values, nearest(key.value, expectations)));
    return [];
  }
  if (value.kind !== "list") {
    report(wrongShape(expected, "a list", value));
    return [];
  }
  return value.items.flatMap((item) => {
    if (item.kind === "scalar" && item.value.trim() !== "") return [lineOf(expected, item)];
    report(wrongShape(expected, "a list of texts", item));
    return [];
  });
}

function lineOf(expected: Expectation, scalar: Scalar): CaseLine {
  const words = wordsOf(scalar).map(({ text }) => text);
  return { expected, text: scalar.value.trim(), words, span: scalar.span };
}

function wrongShape(key: string, expected: string, found: Tree): Diagnostic {
  const example = "`must-deny: [read /etc/shadow]`";
  return diagnose("wrong-shape", found.span, { key, expected, found: nameOfKind(found), example });
}
