import { diagnose } from "../diagnostics/diagnose.ts";
import { type Diagnostic, hasError, type Report, startOf } from "../diagnostics/diagnostic.ts";
import type { Policy } from "../model/policy.ts";
import { parsePolicy } from "./1-parse/parse.ts";
import { resolve } from "./2-resolve/resolve.ts";
import { DIAGNOSTICS_MAX, POLICY_BYTES_MAX } from "./limits.ts";
import { type ExceptionsFile, loadExceptions, withEnds } from "./load/exceptions.ts";
import { abstractionFolders, findPolicy, type PolicyReference } from "./load/find.ts";
import { loadIncludes } from "./load/includes.ts";
import { Library, type Shipped } from "./load/library.ts";
import type { FileIdentity } from "./load/trusted-file.ts";
import type { Vocabulary } from "./vocabulary.ts";

export { type Basis, basisOf, PolicyLook } from "./load/as-read.ts";
export type { ExceptionLine, ExceptionsFile } from "./load/exceptions.ts";
export type { PolicyReference } from "./load/find.ts";
export type { Shipped } from "./load/library.ts";
export type { Vocabulary } from "./vocabulary.ts";

export interface LoadOptions {
  readonly vocabulary: Vocabulary;
  /** `--set NAME=VALUE`: parameters, and other values for variables. */
  readonly set?: Readonly<Record<string, string>>;
  /** Searched last. */
  readonly abstractions?: readonly string[];
  /**
   * User ids that may own policy files and the folders on the way; by default root and the
   * effective user.
   */
  readonly owners?: readonly number[];
  readonly shipped?: Shipped;
  /**
   * To be taken instead of what the domain's own file holds: what it would be after an edit. A file
   * that is named by its path need not be there yet.
   */
  readonly text?: string;
  /** Grants of this domain that end by themselves, in force beside its file. */
  readonly exceptions?: (domain: string) => ExceptionsFile;
}

export interface LoadedPolicy {
  /** null if any diagnostic is an error: no policy is accepted in part. */
  readonly policy: Policy | null;
  /** What could be understood, for display only. null if not even the file could be read. */
  readonly understood: Policy | null;
  readonly diagnostics: readonly Diagnostic[];
  /** Absolute names of all files read. */
  readonly files: readonly string[];
  /** Missing names that would have taken precedence over one of `files`, or added to them. */
  readonly absent: readonly string[];
  /** Of `files`, when they were read. The plan depends on them. */
  readonly identities: ReadonlyMap<string, FileIdentity>;
  /** For `renderDiagnostics`. */
  readonly sources: ReadonlyMap<string, string>;
  /** When the first exception ends, milliseconds since boot; null without one. */
  readonly until: number | null;
}

/**
 * Finds and reads the domain's file and what it includes (`load/`), parses (`1-parse/`) and
 * resolves (`2-resolve/`). Never throws, whatever a file contains or is; `3-check/` checks the
 * result on a host.
 */
export function loadPolicy(reference: PolicyReference, options: LoadOptions): LoadedPolicy {
  const library = new Library(options.owners ?? [0, process.geteuid?.() ?? 0], options.shipped);
  const collected = new Collected();
  const loaded = closing(library, () => load(reference, options, library, collected.report));
  const { policy: understood, until } = loaded ?? { policy: null, until: null };
  return {
    policy: collected.failed ? null : understood,
    understood,
    diagnostics: collected.list(),
    files: library.files,
    absent: library.absent,
    identities: library.identities,
    sources: library.sources,
    until,
  };
}

function closing<T>(library: Library, work: () => T): T {
  try {
    return work();
  } finally {
    library.close();
  }
}

function load(
  reference: PolicyReference,
  options: LoadOptions,
  library: Library,
  report: Report,
): { readonly policy: Policy; readonly until: number | null } | null {
  const { instance, ...others } = options.set ?? {};
  const mayBeAbsent = options.text !== undefined;
  const found = findPolicy(reference, { instance, mayBeAbsent }, library, report);
  if (found === null) return null;
  const bytes = options.text === undefined ? found.bytes : Buffer.from(options.text);
  // The file that the text would make could not be read.
  if (bytes.length > POLICY_BYTES_MAX) {
    const values = { size: bytes.length, limit: POLICY_BYTES_MAX };
    report(diagnose("file-too-large", startOf(found.file), values));
    return null;
  }
  const domain = parsePolicy(
    { file: found.file, bytes, kind: "domain", name: found.fileName },
    report,
  );
  if (domain === null) return null;
  const folders = abstractionFolders(reference, found, options.abstractions ?? []);
  const abstractions = loadIncludes(domain, folders, library, report);
  // A template's file takes `instance` as its name; everywhere else it would be a parameter like
  // any other.
  const set =
    found.fileName.endsWith("@") && typeof reference === "string" ? others : (options.set ?? {});
  const file = options.exceptions?.(found.name.full) ?? null;
  const exceptions = file === null ? null : loadExceptions(file, library, report);
  const policy = resolve(
    {
      ...{ name: found.name, domain, set, vocabulary: options.vocabulary },
      abstractions: [...abstractions, ...(exceptions?.sources ?? [])],
    },
    report,
  );
  if (file === null || exceptions === null) return { policy, until: null };
  const { lines } = exceptions;
  const until = lines.length === 0 ? null : Math.min(...lines.map((line) => line.until));
  return { policy: withEnds(policy, file.file, lines), until };
}

/**
 * Keeps the first DIAGNOSTICS_MAX diagnostics, counts the others, and knows whether any was an
 * error.
 */
class Collected {
  failed = false;
  readonly #kept: Diagnostic[] = [];
  #dropped = 0;

  readonly report: Report = (diagnostic) => {
    this.failed ||= hasError([diagnostic]);
    if (this.#kept.length < DIAGNOSTICS_MAX) this.#kept.push(diagnostic);
    else this.#dropped++;
  };

  list(): Diagnostic[] {
    const last = this.#kept[this.#kept.length - 1];
    const sorted = inOrder(this.#kept);
    if (this.#dropped === 0 || last === undefined) return sorted;
    return [...sorted, diagnose("diagnostics-cut", startOf(last.file), { count: this.#dropped })];
  }
}

/** By line within each file, the files in the order of discovery. */
function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const files = [...new Set(diagnostics.map((diagnostic) => diagnostic.file))];
  return diagnostics.toSorted(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}
