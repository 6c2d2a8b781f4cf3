import { diagnose } from "../../diagnostics/diagnose.ts";
import { type Diagnostic, hasError, type Report, startOf } from "../../diagnostics/diagnostic.ts";
import { changeExceptionRules } from "../../model/exception-rules.ts";
import type { Policy } from "../../model/policy.ts";
import type { Source } from "../../model/rule.ts";
import { parsePolicy } from "../1-parse/parse.ts";
import type { PolicySource } from "../1-parse/source.ts";
import type { KeyName } from "../language.ts";
import type { Library } from "./library.ts";

/** A line of a section that counts until its end. */
export interface ExceptionLine {
  readonly section: KeyName;
  readonly line: string;
  /** Where `{"SECTION":["LINE"]}` begins in the file. */
  readonly place: { readonly line: number; readonly column: number };
  /** Milliseconds since boot. */
  readonly until: number;
}

/** A file beside a domain's own, with grants that end by themselves. */
export interface ExceptionsFile {
  readonly file: string;
  /** The lines in force of such a file; `problem`: what is wrong with it. */
  readonly read: (bytes: Uint8Array) => readonly ExceptionLine[] | { readonly problem: string };
  /** To be taken instead of what the file holds. */
  readonly bytes?: Uint8Array;
}

export interface LoadedExceptions {
  readonly sources: readonly PolicySource[];
  readonly lines: readonly ExceptionLine[];
}

/**
 * Read as one more source of a policy, and as carefully as that: the plan depends on the file,
 * whether it exists or not. A broken file, and a line that this version does not understand, is
 * reported and grants nothing: the policy is never wider nor unusable for it.
 */
export function loadExceptions(
  { file, read, bytes }: ExceptionsFile,
  library: Library,
  report: Report,
): LoadedExceptions {
  const found = library.read(file, startOf(file), report);
  const given = bytes ?? (found instanceof Uint8Array ? found : null);
  if (given === null) return { sources: [], lines: [] };
  const lines = read(given);
  if ("problem" in lines) {
    report(diagnose("exceptions-broken", startOf(file), { file, why: lines.problem }));
    return { sources: [], lines: [] };
  }
  const sources = lines.flatMap((line) => parseLine(line, file, report) ?? []);
  return { sources, lines };
}

/** At its own place in the file, for messages and for who asks by which rule. */
function parseLine(
  { section, line, place }: ExceptionLine,
  file: string,
  report: Report,
): PolicySource | null {
  const before = "\n".repeat(place.line - 1) + " ".repeat(place.column - 1);
  const bytes = Buffer.from(`${before}${JSON.stringify({ [section]: [line] })}\n`);
  const said: Diagnostic[] = [];
  const source = parsePolicy({ file, bytes, kind: "abstraction", name: "exceptions" }, (one) => {
    said.push(one);
  });
  if (!hasError(said)) return source;
  const why = said.find((one) => hasError([one]))?.message ?? "";
  report(diagnose("exceptions-broken", { ...startOf(file), line: place.line }, { file, why }));
  return null;
}

/** Tells each rule of these lines when it ends. */
export function withEnds(policy: Policy, file: string, lines: readonly ExceptionLine[]): Policy {
  if (lines.length === 0) return policy;
  const ends = new Map(lines.map(({ place, until }) => [place.line, until]));
  const ending = <R extends { readonly source: Source }>(rules: readonly R[]): readonly R[] =>
    rules.map((rule) => {
      const until = rule.source.file === file ? ends.get(rule.source.line) : undefined;
      return until === undefined ? rule : { ...rule, source: { ...rule.source, until } };
    });
  return changeExceptionRules(policy, ending);
}
