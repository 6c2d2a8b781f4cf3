import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

/** How one run of a test ended, and what autopkgtest said of it. */
export interface Verdict {
  readonly result: "passed" | "failed" | "not run";
  readonly why: string;
}

/** What was seen of one of a package's own tests. */
export interface TestSeen {
  readonly name: string;
  readonly outside: Verdict;
  /** Enforced; null: it does not pass outside. */
  readonly inside: Verdict | null;
  /** Whether it fails while the unit is masked; null: it does not pass inside. */
  readonly meetsUnit: boolean | null;
  /** What the domain was asked for during the test and refuses, but for what is listed. */
  readonly refused: readonly string[];
}

export interface PackageSeen {
  readonly name: string;
  /** Of the source package. */
  readonly source: string;
  readonly version: string;
  /** ISO 8601, the day alone. */
  readonly day: string;
  readonly tests: readonly TestSeen[];
}

const folder = join(import.meta.dirname, "seen");

export function keepTests(seen: PackageSeen): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${seen.name}.json`), `${JSON.stringify(seen, null, 2)}\n`);
}

/** Of all domains, by name. */
export function keptTests(): readonly PackageSeen[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).map((file) => basename(file, ".json"));
  return names
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as PackageSeen);
}

/** Of a line of autopkgtest's summary: `NAME PASS`, `NAME FAIL why`; null: it is about no test. */
export function verdictOf(summary: string, test: string): Verdict | null {
  for (const line of summary.split("\n")) {
    const [, name, word, why = ""] = /^(\S+)\s+(PASS|FAIL|FLAKY|SKIP)\s*(.*)$/.exec(line) ?? [];
    if (name !== test) continue;
    if (word === "PASS") return { result: "passed", why: "" };
    return { result: word === "SKIP" ? "not run" : "failed", why };
  }
  return null;
}
