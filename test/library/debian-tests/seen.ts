import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const verdict = z.strictObject({
  result: z.enum(["passed", "failed", "out of time", "cannot run"]),
  /** What autopkgtest said of it. */
  why: z.string(),
});
/** How one run of a test ended. */
export type Verdict = z.infer<typeof verdict>;

/** Processes that were seen during a test. */
const held = z.strictObject({
  /** In the domain. */
  domain: z.number(),
  /** Of these, how many were not there when the test began. */
  started: z.number(),
  /** Of the daemon's program, outside of the domain. */
  elsewhere: z.number(),
});
export type Held = z.infer<typeof held>;

/** What was seen of one of a package's own tests. */
const testSeen = z.strictObject({
  name: z.string(),
  outside: verdict,
  /** null: it does not pass outside. */
  enforced: verdict.nullable(),
  /** While it was enforced. */
  held: held.nullable(),
  /**
   * What the domain refused meanwhile, but for what the daemon's file lists. The host is a
   * container, which the kernel does not tell of what Landlock refuses: that is missing here.
   */
  refused: z.array(z.string()).readonly(),
  /** At level warning, on another host. null: it does not pass outside, or passes enforced. */
  warned: z
    .strictObject({
      verdict,
      /** What the policy does not grant and the daemon's file does not list. */
      beyond: z.array(z.string()).readonly(),
    })
    .nullable()
    .default(null),
  /**
   * Whether it fails while the unit is masked. null: it does not pass enforced, or `held` tells:
   * it starts the unit anew, or a daemon of its own.
   */
  needsUnit: z.boolean().nullable(),
});
export type TestSeen = z.infer<typeof testSeen>;

const packageSeen = z.strictObject({
  name: z.string(),
  /** Of the source package. */
  source: z.string(),
  version: z.string(),
  /** ISO 8601, the day alone. */
  day: z.string(),
  /**
   * Whether the unit would not start with Debian's configuration, or is a script in /etc/init.d,
   * and got what `daemons/` configures.
   */
  isConfigured: z.boolean(),
  /** Why there was no test to run; null if there was one. */
  none: z.string().nullable(),
  tests: z.array(testSeen).readonly(),
  /** Of the policy as it was then. */
  digest: z.string(),
});
export type PackageSeen = z.infer<typeof packageSeen>;

const folder = join(import.meta.dirname, "seen");
const fileOf = (name: string): string => join(folder, `${name}.json`);

export function keepTests(seen: PackageSeen): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(seen.name), `${JSON.stringify(seen, null, 2)}\n`);
}

/** null if they were not run yet. */
export function keptTests(name: string): PackageSeen | null {
  if (!existsSync(fileOf(name))) return null;
  return packageSeen.parse(JSON.parse(readFileSync(fileOf(name), "utf8")));
}

/** Of a line of autopkgtest's summary, e.g. `NAME FAIL why`; null: none is about this test. */
export function verdictOf(summary: string, test: string): Verdict | null {
  for (const line of summary.split("\n")) {
    const [, name, word, why = ""] = /^(\S+)\s+(PASS|FAIL|FLAKY|SKIP)\s*(.*)$/.exec(line) ?? [];
    if (name !== test) continue;
    if (word === "PASS") return { result: "passed", why: "" };
    if (word === "SKIP") return { result: "cannot run", why };
    return why === "timed out" ? { result: "out of time", why: "" } : { result: "failed", why };
  }
  return null;
}
