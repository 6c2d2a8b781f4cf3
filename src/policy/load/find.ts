import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { diagnose } from "../../diagnostics/diagnose.ts";
import { type Diagnostic, type Report, startOf } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { type DomainName, parseDomainName } from "../names.ts";
import type { Library } from "./library.ts";

/** By its file, or by its name in folders; the first folder that has it counts. */
export type PolicyReference =
  | string
  | {
      readonly name: string;
      readonly searchPath: readonly string[];
      /** Folders that do not count for the caller; messages mention policies there. */
      readonly elsewhere?: readonly string[];
    };

export interface FoundPolicy {
  readonly name: DomainName;
  readonly file: string;
  readonly fileName: string;
  readonly bytes: Uint8Array;
}

const SUFFIX = ".yaml";
/** A common mistake. */
const MISTAKEN_SUFFIX = ".yml";

interface FindOptions {
  /** Of a template that is given by its file. */
  readonly instance: string | undefined;
  /** A file that is given by its path may be missing: its text is known. */
  readonly mayBeAbsent: boolean;
}

/** null after a diagnostic. */
export function findPolicy(
  reference: PolicyReference,
  options: FindOptions,
  library: Library,
  report: Report,
): FoundPolicy | null {
  const found =
    typeof reference === "string"
      ? byFile(reference, options, library, report)
      : byName(reference, library, report);
  if (found === null || found.name.instance !== "") return found;
  report(diagnose("instance-missing", startOf(found.file), { name: found.name.full }));
  return null;
}

function byFile(
  path: string,
  { instance, mayBeAbsent }: FindOptions,
  library: Library,
  report: Report,
): FoundPolicy | null {
  const file = resolve(path);
  const fileName = basename(file, SUFFIX);
  const written = parseDomainName(fileName);
  const name =
    written?.instance === "" && instance !== undefined
      ? parseDomainName(`${fileName}${instance}`)
      : written;
  if (name === null || !file.endsWith(SUFFIX)) {
    report(
      diagnose("bad-file-name", startOf(file), { name: name === null ? fileName : basename(file) }),
    );
    return null;
  }
  const result = library.read(file, startOf(file), report);
  if (result === "absent" && mayBeAbsent) return { name, file, fileName, bytes: new Uint8Array() };
  if (result === "absent")
    report(diagnose("file-unreadable", startOf(file), { path: file, reason: "ENOENT" }));
  return result instanceof Uint8Array ? { name, file, fileName, bytes: result } : null;
}

function byName(
  { name: text, searchPath, elsewhere = [] }: Exclude<PolicyReference, string>,
  library: Library,
  report: Report,
): FoundPolicy | null {
  const name = parseDomainName(text);
  if (name === null) {
    report(diagnose("bad-file-name", startOf(`${text}${SUFFIX}`), { name: text }));
    return null;
  }
  // An instance's own file takes precedence over its template's, in whichever folders they lie.
  const fileNames = name.template === null || name.instance === "" ? [text] : [text, name.template];
  for (const fileName of fileNames) {
    for (const folder of searchPath) {
      const file = join(resolve(folder), `${fileName}${SUFFIX}`);
      const result = library.read(file, startOf(file), report);
      if (result === "refused") return null;
      if (result instanceof Uint8Array) return { name, file, fileName, bytes: result };
    }
  }
  report(notFound(text, fileNames, searchPath, elsewhere, library));
  return null;
}

/** Explains by what exists instead. */
function notFound(
  text: string,
  fileNames: readonly string[],
  searchPath: readonly string[],
  elsewhere: readonly string[],
  library: Library,
): Diagnostic {
  const span = startOf(`${text}${SUFFIX}`);
  const among = (folders: readonly string[], suffix: string) =>
    folders
      .flatMap((folder) => fileNames.map((name) => join(resolve(folder), `${name}${suffix}`)))
      .find((file) => existsSync(file));
  const misnamed = among(searchPath, MISTAKEN_SUFFIX);
  if (misnamed !== undefined) {
    const wanted = `${misnamed.slice(0, -MISTAKEN_SUFFIX.length)}${SUFFIX}`;
    return diagnose("policy-suffix", span, { name: text, file: misnamed, wanted });
  }
  const ofRoot = among(elsewhere, SUFFIX);
  if (ofRoot !== undefined) {
    const values = { name: text, file: ofRoot, folder: searchPath[0] ?? "" };
    return diagnose("policy-of-root", span, values);
  }
  const near = nearest(
    text,
    searchPath.flatMap((folder) => library.names(folder)),
  );
  const values = {
    name: text,
    file: `${fileNames[fileNames.length - 1]}${SUFFIX}`,
    folders: searchPath.join(", "),
  };
  return diagnose("policy-missing", span, values, near);
}

/** Searched in addition to the folders that the caller names. */
export function abstractionFolders(
  reference: PolicyReference,
  found: FoundPolicy,
  more: readonly string[],
): string[] {
  const folders =
    typeof reference === "string"
      ? [dirname(found.file)]
      : reference.searchPath.map((folder) => resolve(folder));
  return [
    ...new Set([
      ...folders.map((folder) => join(folder, "abstractions")),
      ...more.map((folder) => resolve(folder)),
    ]),
  ];
}
