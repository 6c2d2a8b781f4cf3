import fc from "fast-check";
import { expect, test } from "vitest";
import { otherNames } from "../../src/esxi/language/complement.ts";
import { grantsOf, type PathRule } from "../../src/esxi/language/path-tree.ts";
import { bytesOfName } from "../../src/model/name-bytes.ts";
import { matches, parsePattern } from "../../src/model/pattern.ts";

/**
 * The original's rule, as one would check it by hand: climb from the path to its parents until one
 * has a rule.
 */
function reference(rules: readonly PathRule[], path: string, letter: string): boolean {
  for (let at = path; ; at = at.slice(0, at.lastIndexOf("/")) || "/") {
    const rule = rules.find((one) => one.path === at);
    if (rule !== undefined) return rule.letters.includes(letter);
    if (at === "/") return false;
  }
}

function covers(pattern: string, path: string): boolean {
  const parsed = parsePattern(pattern);
  if ("problem" in parsed) throw new Error(`${pattern}: ${parsed.problem.message}`);
  return matches(parsed.pattern, bytesOfName(path));
}

/** Deny beats allow. */
function translated(rules: readonly PathRule[], path: string, letter: string): boolean {
  const grants = grantsOf(rules, () => "absent").filter((grant) => grant.letter === letter);
  const says = (effect: string): boolean =>
    grants.some(
      (grant) => grant.effect === effect && grant.patterns.some((pattern) => covers(pattern, path)),
    );
  return says("allow") && !says("deny");
}

// Names that begin alike, contain each other, and hold what means something in a pattern.
const name = fc.constantFrom(
  "a",
  "ab",
  "abc",
  "b",
  ".x",
  "..x",
  "run",
  "run-1",
  "runs",
  "r*",
  "[x]",
  "{a,b}",
  "^",
  "]",
  "!",
  "a-z",
  "~",
  "$",
  "#1",
  "a\\",
);
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join("/")}`);
const letters = fc.subarray(["r", "w", "x"]).map((some) => some.join(""));
const rule = fc.record({ path: fc.oneof(path, fc.constant("/")), letters });
const rules = fc.uniqueArray(rule, { selector: (one) => one.path, maxLength: 8 });

test("deny before allow translates to the most specific path first", () => {
  fc.assert(
    fc.property(rules, fc.array(path, { minLength: 5, maxLength: 10 }), (some, asked) => {
      for (const one of [...asked, ...some.map((rule) => rule.path).filter((path) => path !== "/")])
        for (const letter of "rwx")
          expect([one, letter, translated(some, one, letter)]).toEqual([
            one,
            letter,
            reference(some, one, letter),
          ]);
    }),
    { numRuns: 300 },
  );
});

test("the patterns for all other names match every name but these", () => {
  const anyName = fc.oneof(
    name,
    fc
      .string({ minLength: 1, maxLength: 5 })
      .filter((text) => /^[\x21-\x2e\x30-\x7e]+$/.test(text) && text !== "." && text !== ".."),
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(anyName, { minLength: 1, maxLength: 5 }),
      anyName,
      (names, asked) => {
        const patterns = otherNames(names);
        for (const one of [asked, ...names]) {
          const matched = patterns.some((pattern) => covers(`/${pattern}`, `/${one}`));
          expect([one, matched]).toEqual([one, !names.includes(one)]);
        }
      },
    ),
    { numRuns: 500 },
  );
});
