import { askIfThere } from "./units/systemctl.ts";

/** Names that mean something to dpkg-query are patterns there. */
const plain = /^\/[^*?[\]\\]*$/;

export interface Owned {
  readonly file: string;
  /** Without their architectures. */
  readonly packages: readonly string[];
}

/** What dpkg-query answers, in lines; none where the host has no such program. */
function dpkgLines(...words: readonly string[]): readonly string[] {
  return askIfThere("dpkg-query", words)?.out.split("\n") ?? [];
}

/** The packages that have these files, by their full names. A file of none is left out. */
export function ownersOf(files: readonly string[]): readonly Owned[] {
  const asked = files.filter((file) => plain.test(file));
  if (asked.length === 0) return [];
  // `a, b:amd64: /etc/x`; a line about a diversion has blanks before its colon.
  return dpkgLines("-S", "--", ...asked).flatMap((line) => {
    const [, names, file] = /^((?:[a-z0-9][\w.+-]+(?::\w+)?(?:, )?)+): (\/.*)$/.exec(line) ?? [];
    if (names === undefined || file === undefined || !asked.includes(file)) return [];
    return [{ file, packages: names.split(", ").map((name) => name.replace(/:\w+$/, "")) }];
  });
}

/** Files and folders of packages, those with plain names. */
export function filesOf(packages: ReadonlySet<string>): readonly string[] {
  return dpkgLines("-L", ...packages).filter((line) => plain.test(line));
}

/** Configuration files of packages. */
export function conffilesOf(packages: ReadonlySet<string>): readonly string[] {
  return dpkgLines("-W", "-f", "${Conffiles}\\n", "--", ...packages).flatMap(
    (line) => /^ (\/\S+) [0-9a-f]{32}$/.exec(line)?.[1] ?? [],
  );
}

/** With those of the same source: `nginx` has the program, `nginx-common` the configuration. */
export function withSiblings(packages: readonly string[]): ReadonlySet<string> {
  if (packages.length === 0) return new Set();
  const format = "${source:Package} ${db:Status-Abbrev} ${Package}\\n";
  const all = dpkgLines("-W", "-f", format).map((line) => line.split(/ +/));
  const sources = new Set(
    all.filter(([, , name = ""]) => packages.includes(name)).map(([source]) => source),
  );
  const siblings = all.filter(([source, status]) => sources.has(source) && status === "ii");
  return new Set([...packages, ...siblings.flatMap(([, , name]) => name ?? [])]);
}
