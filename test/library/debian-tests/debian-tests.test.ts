import { describe, expect, test } from "vitest";
import { nativeNames } from "../native-names.ts";
import { meets, reasons, testsPage } from "./page.ts";
import { keptTests, type PackageSeen, type TestSeen, verdictOf } from "./seen.ts";
import { noTestsBy, stanzas } from "./source.ts";

const passed = { result: "passed", why: "" } as const;
const started: TestSeen = {
  ...{ name: "serves", outside: passed, enforced: passed, refused: [], needsUnit: null },
  ...{ held: { domain: 3, started: 2, elsewhere: 0 }, warned: null },
};
const compiles: TestSeen = {
  ...{ ...started, name: "compiles", needsUnit: false },
  held: { domain: 1, started: 0, elsewhere: 0 },
};
const needsIt: TestSeen = { ...compiles, name: "asks", needsUnit: true };
const ownDaemon: TestSeen = {
  ...{ ...compiles, name: "own", needsUnit: null },
  held: { domain: 1, started: 0, elsewhere: 4 },
};
const refused: TestSeen = {
  ...{ ...started, name: "writes", refused: ["write /etc/x"] },
  enforced: { result: "failed", why: "non-zero exit status 1" },
  warned: { verdict: passed, beyond: ["write /etc/x", "write /etc/y"] },
};
const none: TestSeen = {
  ...{ name: "far", outside: { result: "cannot run", why: "it needs a | or two" } },
  ...{ enforced: null, held: null, refused: [], warned: null, needsUnit: null },
};
const seen: PackageSeen = {
  ...{ name: "nginx", source: "nginx", version: "1-2", day: "2026-11-29", isConfigured: false },
  ...{
    none: null,
    tests: [started, compiles, needsIt, ownDaemon, refused, none],
    digest: "of another policy",
  },
};

test("autopkgtest's summary says how a test ended", () => {
  const summary = [
    "daemon               PASS",
    "daemon-2             FAIL non-zero exit status 1",
    "slow                 FAIL timed out",
    "far                  SKIP no internet",
    "now-and-then         FLAKY stderr: x",
    "thin                 PASS (superficial)",
  ].join("\n");
  expect(verdictOf(summary, "daemon")).toEqual(passed);
  expect(verdictOf(summary, "thin")).toEqual(passed);
  expect(verdictOf(summary, "daemon-2")).toEqual({
    ...{ result: "failed", why: "non-zero exit status 1" },
  });
  expect(verdictOf(summary, "slow")).toEqual({ result: "out of time", why: "" });
  expect(verdictOf(summary, "far")).toEqual({ result: "cannot run", why: "no internet" });
  expect(verdictOf(summary, "now-and-then")?.result).toBe("failed");
  expect(verdictOf(summary, "daem")).toBeNull();
});

test("the archive's index says whether a source has tests of its maintainers'", () => {
  const index = [
    ...["Package: a", "Binary: a,", " b", "Version: 1", "Testsuite: autopkgtest", ""],
    ...["Package: b", "Testsuite: autopkgtest-pkg-go, autopkgtest", ""],
    ...["Package: c", "Testsuite: autopkgtest-pkg-go", "", "Package: d", "Format: 3.0", ""],
  ];
  const described = stanzas(index.join("\n"));
  expect(described.map((one) => one.get("Package"))).toEqual(["a", "b", "c", "d"]);
  expect(described.map(noTestsBy)).toEqual([
    ...[null, null],
    "the source has only those that Debian makes for all of a language (autopkgtest-pkg-go)",
    "the source has none",
  ]);
  expect(noTestsBy(undefined)).toContain("does not list");
});

test("a test meets the daemon if it starts it anew, or fails without its unit", () => {
  const unheld = { ...needsIt, held: { domain: 0, started: 0, elsewhere: 1 } };
  const all = [started, compiles, needsIt, ownDaemon, unheld];
  expect(all.map(meets)).toEqual([true, false, true, false, false]);
});

test("the page counts what passes, and names what was not run", () => {
  const page = testsPage(["nginx", "nsd"], (name) => (name === "nginx" ? seen : null));
  expect(page).toContain("| [nginx](library.md#nginx) | nginx 1-2 | 2026-11-29, the policy was ");
  expect(page).toContain(" another | 6 | 5 | 4 | 2 |\n");
  expect(page).toContain("| not run yet | nsd |");
  expect(page).toContain("| nginx | `serves` | passed | passed | 3 (2) + 0 | yes |");
  expect(page).toContain("|  | `own` | passed | passed | 1 (0) + 4 | no |");
  expect(page).toContain("| `writes` | passed | failed: non-zero exit status 1; refused: ");
  expect(page).toContain("; refused: `write /etc/x`; at level warning passed; beyond the policy: ");
  expect(page).toContain("policy: `write /etc/x`, `write /etc/y` | 3 (2) + 0 |  |");
  expect(page).toContain("| `far` | cannot run: it needs a \\| or two |  |  |  |");
  const without = testsPage(["nginx", "nsd"], (name) => ({ ...seen, name, none: "it has none" }));
  expect(without).toContain(
    "| it has none | nginx (nginx 1-2, 2026-11-29), nsd (nginx 1-2, 2026-11-29) |",
  );
  expect(without).not.toContain("`serves`");
});

describe.each(nativeNames)("of %s", (name) => {
  test("what fails in the domain alone has its reason, and what passes has none", () => {
    const failed = (keptTests(name)?.tests ?? []).filter(
      ({ outside, enforced }) => outside.result === "passed" && enforced?.result !== "passed",
    );
    expect(Object.keys(reasons[name] ?? {}).sort()).toEqual(failed.map((one) => one.name).sort());
  });
});
