import { type LibraryDaemon, withVersion } from "../daemon.ts";
import type { LibraryHost } from "../library-host.ts";

/** The source package that a daemon's package is made of. */
export interface Source {
  readonly name: string;
  readonly version: string;
  /** Why there is no test of its maintainers' to run here; null if there is one. */
  readonly none: string | null;
}

/** Of a daemon's package in the version that is installed there, or would be. */
export function sourceOf(host: LibraryHost, written: LibraryDaemon): Source {
  if (written.version !== undefined) host.install(written.packages);
  const { tested } = withVersion(written, (script) => host.booted.sh(script));
  if (tested === null)
    return {
      name: written.name,
      version: "",
      none: "Debian has no such package: it is a template",
    };
  const { name, version } = sourceNamed(host, tested);
  const { out } = host.booted.run("apt-cache", "showsrc", "--only-source", name);
  const described = stanzas(out).find(
    (one) => one.get("Package") === name && one.get("Version") === version,
  );
  return { name, version, none: noneOf(host, name, version, described) };
}

/** A test asks this of what apt says; `described` is the source's stanza in the archive's index. */
export function noTestsBy(described: ReadonlyMap<string, string> | undefined): string | null {
  if (described === undefined) return "the mirror does not list the source";
  const suites = (described.get("Testsuite") ?? "").split(/[,\s]+/).filter((one) => one !== "");
  if (suites.includes("autopkgtest")) return null;
  const [made] = suites;
  return made === undefined
    ? "the source has none"
    : `the source has only those that Debian makes for all of a language (${made})`;
}

function noneOf(
  host: LibraryHost,
  name: string,
  version: string,
  described: ReadonlyMap<string, string> | undefined,
): string | null {
  const none = noTestsBy(described);
  if (none !== null) return none;
  try {
    host.downloadSource(name, version);
    return null;
  } catch (error) {
    if (!/ 404 /.test(String(error))) throw error;
    return "the mirror lists the source and does not hand it out (404)";
  }
}

/** `Source: NAME (VERSION)` stands only where it differs from the binary package. */
function sourceNamed({ booted }: LibraryHost, tested: string) {
  const { out } = booted.run("apt-cache", "show", "--no-all-versions", tested);
  const [binary] = stanzas(out);
  if (binary === undefined) throw new Error(`apt knows no package ${tested}`);
  const [name = "", inBrackets] = (binary.get("Source") ?? tested).split(" ");
  return { name, version: inBrackets?.slice(1, -1) ?? binary.get("Version") ?? "" };
}

/** Of a control file; lines that go on are left out. */
export function stanzas(text: string): readonly ReadonlyMap<string, string>[] {
  return text.split(/\n{2,}/).flatMap((stanza) => {
    const fields = stanza.split("\n").flatMap((line): [string, string][] => {
      const [, name, value] = /^([A-Za-z][\w-]*):\s*(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value]];
    });
    return fields.length === 0 ? [] : [new Map(fields)];
  });
}
