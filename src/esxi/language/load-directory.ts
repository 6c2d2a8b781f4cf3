import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { diagnose } from "../../diagnostics/diagnose.ts";
import { type Diagnostic, hasError, type Report, startOf } from "../../diagnostics/diagnostic.ts";
import { hasCode } from "../../kernel/errno-error.ts";
import type { Policy } from "../../model/policy.ts";
import { parsePolicy } from "../../policy/1-parse/parse.ts";
import { resolve } from "../../policy/2-resolve/resolve.ts";
import { parseDomainName } from "../../policy/names.ts";
import type { Vocabulary } from "../../policy/vocabulary.ts";
import { parseLabels } from "./labels.ts";
import { ownName, SUPER_DOM } from "./names.ts";
import { parseRules } from "./parse.ts";
import type { PathKind } from "./path-tree.ts";
import { policyText } from "./policy-text.ts";
import { RulesReader } from "./read-rules.ts";
import type { EsxiDomain } from "./rule.ts";
import { translate } from "./translate.ts";

/** Files read of one folder; more are an error. */
const FILES_MAX = 4096;

export interface TranslatedDomain {
  /** Cofferdam's name. */
  readonly name: string;
  readonly text: string;
  readonly policy: Policy;
}

export interface LoadedDirectory {
  /** Empty if any diagnostic is an error: a directory is accepted as a whole. */
  readonly domains: readonly TranslatedDomain[];
  readonly diagnostics: readonly Diagnostic[];
  /** Texts by the names in the diagnostics. */
  readonly sources: ReadonlyMap<string, string>;
}

/**
 * Translates a policy directory of ESXi: `domains/`, `fileLabels/` and `tardisks/`, each with
 * files. `kindOf`: what a path is on the host.
 */
export function loadDirectory(
  folder: string,
  vocabulary: Vocabulary,
  kindOf = pathKind,
): LoadedDirectory {
  const sources = new Map<string, string>();
  const diagnostics: Diagnostic[] = [];
  const report: Report = (diagnostic) => void diagnostics.push(diagnostic);
  const files = (name: string) => readFiles(join(folder, name), sources, report);
  if (!existsSync(join(folder, "domains"))) {
    const why = "it has no folder `domains`";
    report(
      diagnose("esxi-file", startOf(folder), {
        name: folder,
        why,
        instead: "name a folder like /etc/vmware/secpolicy",
      }),
    );
  }
  const labels = parseLabels(files("fileLabels").map(({ text }) => text));
  const written = [...files("domains"), ...files("tardisks")].flatMap(({ path, name, text }) =>
    parseRules(path, name, text, report).map((domain) => ({ path, domain })),
  );
  const domains = written.flatMap(({ path, domain }) => {
    const keys = translate(domain, { labels, kindOf, report });
    if (path.startsWith(join(folder, "tardisks"))) return [];
    return translated(path, domain, policyText(keys, path), { vocabulary, sources, report }) ?? [];
  });
  refuseDoubles(domains, folder, report);
  return { domains: hasError(diagnostics) ? [] : domains, diagnostics, sources };
}

interface Reading {
  readonly vocabulary: Vocabulary;
  readonly sources: Map<string, string>;
  readonly report: Report;
}

/**
 * Checks a translation by reading it as a policy file. `superDom` may stand there without rules: it
 * has no policy, and gives null.
 */
function translated(
  path: string,
  domain: EsxiDomain,
  text: string,
  reading: Reading,
): TranslatedDomain | null {
  const name = domain.name === SUPER_DOM && domain.rules.length === 0 ? null : ownName(domain.name);
  if (name === null) {
    if (domain.name === SUPER_DOM && domain.rules.length === 0) return null;
    const why = `\`${domain.name}\` cannot be a domain's name`;
    reading.report(
      diagnose("esxi-file", startOf(path), { name: path, why, instead: "call it after a domain" }),
    );
    return null;
  }
  const file = `${name}.yaml (translated)`;
  reading.sources.set(file, text);
  const parsed = parsePolicy(
    { file, bytes: Buffer.from(text), kind: "domain", name },
    reading.report,
  );
  const parts = parseDomainName(name);
  if (parsed === null || parts === null) return null;
  const input = {
    name: parts,
    domain: parsed,
    abstractions: [],
    set: {},
    vocabulary: reading.vocabulary,
  };
  return { name, text, policy: resolve(input, reading.report) };
}

function refuseDoubles(domains: readonly TranslatedDomain[], folder: string, report: Report): void {
  const twice = domains.find(
    ({ name }, at) => domains.findIndex((other) => other.name === name) < at,
  );
  if (twice === undefined) return;
  const why = `two of its domains would be called \`${twice.name}\``;
  report(
    diagnose("esxi-file", startOf(folder), {
      name: folder,
      why,
      instead: "give one of them another name",
    }),
  );
}

/** The regular files of a folder by name; none if the folder is missing. */
function readFiles(folder: string, sources: Map<string, string>, report: Report) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).sort();
  const reader = new RulesReader();
  try {
    return names.slice(0, FILES_MAX).flatMap((name) => {
      const path = join(folder, name);
      const tooMany =
        names.length > FILES_MAX ? `there are more than ${FILES_MAX} files beside it` : null;
      const read = tooMany === null ? reader.read(path) : { why: tooMany };
      if ("why" in read) {
        report(
          diagnose("esxi-file", startOf(path), {
            name: path,
            why: read.why,
            instead: "move it out of the folder",
          }),
        );
        return [];
      }
      sources.set(path, read.text);
      return [{ name, path, text: read.text }];
    });
  } finally {
    reader.close();
  }
}

/** What is at a path on this host. Follows links, as the compiler does. */
export function pathKind(path: string): PathKind {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return "directory";
    return stat.isCharacterDevice() || stat.isBlockDevice() ? "device" : "file";
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) return "absent";
    throw error;
  }
}
