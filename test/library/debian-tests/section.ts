import { keptTests, type PackageSeen, type TestSeen, type Verdict } from "./seen.ts";

const introduction = `## The packages' own tests

What the maintainers of a Debian package test it with (\`debian/tests\` of its source), run by
autopkgtest in the Debian that the library boots: outside of every domain, and on another such host
with the domain enforced. \`npm run library -- --debian-tests NAME\` repeats it. A test that passes
with the unit masked as well does not meet the unit's daemon: it starts one of its own, outside of
the domain, or looks at files alone. That it passes says nothing about the domain.

| domain | test | outside | enforced | meets the daemon |
|---|---|---|---|---|
`;

/** Of `docs/library.md`; empty as long as none was run. */
export function ownTests(): string {
  const kept = keptTests();
  return kept.length === 0 ? "" : [introduction, ...kept.flatMap(rows), "\n"].join("");
}

function rows({ name, source, version, day, tests }: PackageSeen): readonly string[] {
  const label = `${name}: ${source} ${version}, ${day}`;
  if (tests.length === 0) return [`| ${label} | none | | | |\n`];
  return tests.map((test, at) => `| ${[at === 0 ? label : "", ...cells(test)].join(" | ")} |\n`);
}

function cells({ name, outside, inside, meetsUnit, refused }: TestSeen): readonly string[] {
  const asked = refused.map((one) => `\`${one}\``).join(", ");
  const enforced = inside === null ? "" : inWords(inside);
  return [
    `\`${name}\``,
    inWords(outside),
    asked === "" ? enforced : `${enforced}; refused: ${asked}`,
    meetsUnit === null ? "" : meetsUnit ? "yes" : "no",
  ];
}

const inWords = ({ result, why }: Verdict): string => (why === "" ? result : `${result}: ${why}`);
