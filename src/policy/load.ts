import { diagnose } from "../diagnostics/diagnose.ts";
import { type Diagnostic, hasError, type Report, startOf } from "../diagnostics/diagnostic.ts";
import type { Policy } from "../model/policy.ts";
import { parsePolicy } from "./1-parse/parse.ts";
import { resolve } from "./2-resolve/resolve.ts";
import { DIAGNOSTICS_MAX } from "./limits.ts";
import { abstractionFolders, findPolicy, type PolicyReference } from "./load/find.ts";
import { loadIncludes } from "./load/includes.ts";
import { Library, type Shipped } from "./load/library.ts";
import type { FileIdentity } from "./load/trusted-file.ts";
import type { Vocabulary } from "./vocabulary.ts";

export { type Basis, basisOf, PolicyLook } from "./load/as-read.ts";
export type { PolicyReference } from "./load/find.ts";
export type { Shipped } from "./load/library.ts";
export type { Vocabulary } from "./vocabulary.ts";

export interface LoadOptions {
  readonly vocabulary: Vocabulary;
  /** `--set NAME=VALUE`: parameters, and other values for variables. */
  readonly set?: Readonly<Record<string, string>>;
  /** Further folders of abstractions, looked through last. */
  readonly abstractions?: readonly string[];
  /**
   * User ids that may own policy files and the folders on the way; root and the effective user
   * unless given.
   */
  readonly owners?: readonly number[];
  readonly shipped?: Shipped;
}

export interface LoadedPolicy {
  /** null as soon as one diagnostic is an error: nothing is half accepted. */
  readonly policy: Policy | null;
  /**
   * What could be understood, without what is wrong: to be looked at, never to be used. null where
   * not even the file could be read.
   */
  readonly understood: Policy | null;
  readonly diagnostics: readonly Diagnostic[];
  /** Absolute names of all files read. */
  readonly files: readonly string[];
  /** Names that were looked for and would have counted before one of `files`. */
  readonly absent: readonly string[];
  /** What `files` were when they were read: what is compiled of them depends on it. */
  readonly identities: ReadonlyMap<string, FileIdentity>;
  /** Text of `files`, for `renderDiagnostics`. */
  readonly sources: ReadonlyMap<string, string>;
}

/**
 * From a file or a name to a `Policy`: finds and reads the domain's file and what it includes
 * (`load/`), parses (`1-parse/`) and resolves (`2-resolve/`). Never throws for anything a file says
 * or is; `3-check/` looks at the result on a host.
 */
export function loadPolicy(reference: PolicyReference, options: LoadOptions): LoadedPolicy {
  const library = new Library(options.owners ?? [0, process.geteuid?.() ?? 0], options.shipped);
  const collected = new Collected();
  const understood = closing(library, () => load(reference, options, library, collected.report));
  return {
    policy: collected.failed ? null : understood,
    understood,
    diagnostics: collected.list(),
    files: library.files,
    absent: library.absent,
    identities: library.identities,
    sources: library.sources,
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
): Policy | null {
  const { instance, ...others } = options.set ?? {};
  const found = findPolicy(reference, instance, library, report);
  if (found === null) return null;
  const domain = parsePolicy(
    { file: found.file, bytes: found.bytes, kind: "domain", name: found.fileName },
    report,
  );
  if (domain === null) return null;
  const folders = abstractionFolders(reference, found, options.abstractions ?? []);
  const abstractions = loadIncludes(domain, folders, library, report);
  // A template's file takes `instance` as its name; everywhere else it would be a parameter like
  // any other.
  const set =
    found.fileName.endsWith("@") && typeof reference === "string" ? others : (options.set ?? {});
  return resolve(
    { name: found.name, domain, abstractions, set, vocabulary: options.vocabulary },
    report,
  );
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

/** By line within each file, the files in the order in which they were met. */
function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const files = [...new Set(diagnostics.map((diagnostic) => diagnostic.file))];
  return diagnostics.toSorted(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}
