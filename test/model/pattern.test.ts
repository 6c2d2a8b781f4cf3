import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { printable } from "../../src/base/printable.ts";
import {
  PATTERN_ALTERNATIVES_MAX,
  PATTERN_BYTES_MAX,
  PATTERN_NESTING_MAX,
} from "../../src/model/limits.ts";
import { bytesOfName } from "../../src/model/name-bytes.ts";
import {
  alternatives,
  coverage,
  escapeName,
  literalPrefix,
  matches,
  type Pattern,
  parsePattern,
} from "../../src/model/pattern.ts";
import { allPermissions, Permission } from "../../src/model/permission.ts";
import { name } from "./helpers/arbitraries.ts";

function parsed(text: string): Pattern {
  const result = parsePattern(text);
  if ("problem" in result) throw new Error(`${text}: ${result.problem.message}`);
  return result.pattern;
}

const covers = (pattern: string, path: string | Uint8Array) =>
  matches(parsed(pattern), typeof path === "string" ? bytesOfName(path) : path);

const without = allPermissions & ~(Permission.create | Permission.delete);

describe("a pattern covers", () => {
  test.each([
    ["/etc/passwd", "/etc/passwd"],
    ["/", "/"],
    ["/etc/*", "/etc/passwd"],
    ["/etc/*", "/etc/.hidden"],
    ["/etc/*.conf", "/etc/a.conf"],
    ["/etc/*.conf", "/etc/.conf"],
    ["/var/*/log", "/var/x/log"],
    ["/a/**/b", "/a/b"],
    ["/a/**/b", "/a/x/b"],
    ["/a/**/b", "/a/x/y/b"],
    ["/**/b", "/b"],
    ["/a/**/*.c", "/a/x/y.c"],
    ["/a/**", "/a/x/y"],
    ["/a/lib**", "/a/lib64/x/y"],
    ["/a/lib**", "/a/lib"],
    ["/**", "/"],
    ["/?", "/a"],
    ["/??", "/ä"],
    ["/{a,b}/c", "/b/c"],
    ["/{,usr/}bin/sh", "/bin/sh"],
    ["/{,usr/}bin/sh", "/usr/bin/sh"],
    ["/{a,b{c,d}}", "/bd"],
    ["/a{,/**}", "/a/x"],
    ["/[a-c]", "/b"],
    ["/[!a-c]", "/d"],
    ["/[a-]", "/-"],
    ["/[\\]]", "/]"],
    ["/[a\\-c]", "/-"],
    ["/\\*", "/*"],
    ["/a\\ b", "/a b"],
    ["/a,b", "/a,b"],
    ["/ä", "/ä"],
    ["@abstract", "@abstract"],
    ["@a/**", "@a/b//c"],
    ["@**", "@"],
    ["@a//", "@a//"],
  ])("%s covers %s", (pattern, path) => expect(covers(pattern, path)).toBe(true));

  test.each([
    ["/etc/passwd", "/etc/passwd2"],
    ["/etc/passwd", "/etc/passw"],
    ["/etc/*", "/etc"],
    ["/etc/*", "/etc/a/b"],
    ["/etc/*.conf", "/etc/a/b.conf"],
    ["/a/**/b", "/a/xb"],
    ["/a/**/b", "/ab"],
    ["/a/**/b", "/a/b/c"],
    ["/a/**", "/ab"],
    ["/a/**", "/"],
    ["/a/lib**", "/a/li"],
    ["/?", "/"],
    ["/a?b", "/a/b"],
    ["/?", "/ä"],
    ["/[!a]", "//"],
    ["/[a-c]", "/d"],
    ["/[a\\-c]", "/b"],
    ["/\\*", "/a"],
    ["@a/*", "@a/b/c"],
    ["/**", "@a"],
  ])("%s does not cover %s", (pattern, path) => expect(covers(pattern, path)).toBe(false));

  test("bytes that are no UTF-8", () => {
    expect(covers("/a?", Uint8Array.of(0x2f, 0x61, 0xff))).toBe(true);
    expect(covers("/a[!b]", Uint8Array.of(0x2f, 0x61, 0x80))).toBe(true);
    expect(covers("/a", Uint8Array.of(0x2f, 0xe1))).toBe(false);
  });

  test("`DIR/**`: everything below DIR, and DIR itself except for create and delete", () => {
    expect(coverage(parsed("/a/**"), bytesOfName("/a/b"))).toBe(allPermissions);
    expect(coverage(parsed("/a/**"), bytesOfName("/a"))).toBe(without);
    expect(coverage(parsed("/**"), bytesOfName("/"))).toBe(without);
    expect(coverage(parsed("/*/**"), bytesOfName("/a"))).toBe(without);
    expect(coverage(parsed("/{a,b}/**"), bytesOfName("/b"))).toBe(without);
    expect(coverage(parsed("/a**"), bytesOfName("/a"))).toBe(allPermissions);
    expect(matches(parsed("/a/**"), bytesOfName("/a"), Permission.create | Permission.delete)).toBe(
      false,
    );
  });

  test("hostile patterns cost no more than their length times the name's", () => {
    const name = bytesOfName(`/${"a".repeat(4000)}`);
    const started = performance.now();
    expect(covers(`/${"*a".repeat(200)}b`, name)).toBe(false);
    expect(covers(`/${"**/a*/".repeat(200)}b`, name)).toBe(false);
    expect(covers(`/${"{*,a}{a,*}".repeat(4)}b`, name)).toBe(false);
    // Backtracking would take longer than the age of the universe; this takes well under a second.
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe("a pattern is refused, with the place and the reason", () => {
  test.each([
    ["", "pattern-empty", 0],
    ["etc/passwd", "pattern-start", 0],
    ["*", "pattern-start", 0],
    ["{/a,b}", "pattern-start", 4],
    ["/a//b", "pattern-double-slash", 3],
    ["//", "pattern-double-slash", 1],
    ["/a{,/}/b", "pattern-double-slash", 6],
    ["/a/", "pattern-trailing-slash", 2],
    ["/a{,/}", "pattern-trailing-slash", 4],
    ["/a/**/", "pattern-trailing-slash", 5],
    ["/a/./b", "pattern-dot-component", 3],
    ["/a/..", "pattern-dot-component", 3],
    ["/{.,a}", "pattern-dot-component", 2],
    ["/\\./a", "pattern-dot-component", 1],
    ["/a{b", "pattern-unbalanced", 2],
    ["/a}b", "pattern-unbalanced", 2],
    ["/a[b", "pattern-unbalanced", 2],
    ["/a]b", "pattern-unbalanced", 2],
    ["/[a-", "pattern-unbalanced", 1],
    ["/a{b,{c}", "pattern-empty-alternative", 5],
    ["/{a}", "pattern-empty-alternative", 1],
    ["/{}", "pattern-empty-alternative", 1],
    ["/{,}", "pattern-empty-alternative", 1],
    ["/{a,,}", "pattern-empty-alternative", 1],
    ["/a\\", "pattern-escape", 2],
    ["/a\\n", "pattern-escape", 2],
    ["/a\\/", "pattern-escape", 2],
    ["/a\\x", "pattern-escape", 2],
    ["/a\\x0", "pattern-escape", 2],
    ["/a\\x0g", "pattern-escape", 2],
    ["/a\\x61", "pattern-escape", 2],
    ["/a\\x2fb", "pattern-escape", 2],
    ["/a\\x00b", "pattern-escape", 2],
    ["/[]", "pattern-class", 1],
    ["/[!]", "pattern-class", 1],
    ["/[^a]", "pattern-class", 2],
    ["/[z-a]", "pattern-class", 2],
    ["/[ä]", "pattern-class", 2],
    ["/[a/]", "pattern-class", 3],
    ["/[+-9]", "pattern-class", 2],
    ["/a***", "pattern-stars", 2],
    ["/a**b", "pattern-stars", 2],
    ["/**a/b", "pattern-stars", 1],
    ["/a**/b", "pattern-stars", 2],
    ["/a/**/**", "pattern-stars", 6],
    ["/a/**/**/b", "pattern-stars", 6],
    ["/a\0b", "pattern-control-character", 2],
    ["/a\nb", "pattern-control-character", 2],
    ["/\x7f", "pattern-control-character", 1],
    ["/\ud800", "pattern-control-character", 1],
    ["/[\x01]", "pattern-control-character", 2],
    [`/${"a".repeat(PATTERN_BYTES_MAX)}`, "pattern-too-long", 0],
    [`/${"ä".repeat(2048)}`, "pattern-too-long", 0],
    [`/${"{a,b}".repeat(9)}`, "pattern-too-many-alternatives", 41],
    [`/${"{a,".repeat(PATTERN_NESTING_MAX + 1)}b`, "pattern-too-deep", 1 + 3 * PATTERN_NESTING_MAX],
  ])("%j: %s at %i", (text, code, offset) => {
    const result = parsePattern(text);
    expect(result).toEqual({
      problem: { code, offset, message: expect.stringMatching(/^[^A-Z].*[^.]$/s) },
    });
  });

  test("limits are inclusive", () => {
    expect(parsed(`/${"a".repeat(PATTERN_BYTES_MAX - 1)}`).branches).toHaveLength(1);
    expect(parsed(`/${"{a,b}".repeat(8)}`).alternatives).toHaveLength(PATTERN_ALTERNATIVES_MAX);
    expect(
      parsed(`/${"{a,".repeat(PATTERN_NESTING_MAX)}b${"}".repeat(PATTERN_NESTING_MAX)}`).text,
    ).toContain("b");
  });

  test("whatever the text, a pattern or a problem within it", () => {
    const text = fc
      .array(fc.constantFrom(..."/@*?{},[]!-\\.ab^ä\0".split("")), { maxLength: 16 })
      .map((c) => c.join(""));
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: "binary" })), (written) => {
        const result = parsePattern(written);
        if ("pattern" in result) expect(result.pattern.text).toBe(written);
        else expect(result.problem.offset).toBeLessThanOrEqual(written.length);
      }),
      { numRuns: 2000 },
    );
  });
});

test("the literal prefix is a name that everything covered starts with", () => {
  expect(literalPrefix(parsed("/etc/passwd"))).toBe("/etc/passwd");
  expect(literalPrefix(parsed("/var/log/*.log"))).toBe("/var/log");
  expect(literalPrefix(parsed("/var/log/a*"))).toBe("/var/log");
  expect(literalPrefix(parsed("/etc/ssl/**"))).toBe("/etc/ssl");
  expect(literalPrefix(parsed("/etc/ssl**"))).toBe("/etc");
  expect(literalPrefix(parsed("/srv/{ab,ac}/x"))).toBe("/srv");
  expect(literalPrefix(parsed("/{,usr/}bin"))).toBe("/");
  expect(literalPrefix(parsed("/**"))).toBe("/");
  expect(literalPrefix(parsed("/"))).toBe("/");
  expect(literalPrefix(parsed("/a\\*/b"))).toBe("/a*/b");
});

test("alternatives are the pattern without braces", () => {
  expect(alternatives(parsed("/{,usr/}b\\*n/{a,[bc]}ä"))).toEqual([
    "/b\\*n/aä",
    "/b\\*n/[bc]ä",
    "/usr/b\\*n/aä",
    "/usr/b\\*n/[bc]ä",
  ]);
});

test("an escaped name covers that name and no other, and acts on nobody who reads it", () => {
  const odd = fc.constantFrom(
    "\n",
    "\x1b",
    "\x7f",
    "\x9b",
    "\u202e",
    "\udcff",
    "\udc80",
    "\\",
    "?",
  );
  const oddName = fc
    .array(fc.oneof(odd, fc.constantFrom("a", "ä", " ")), { minLength: 1, maxLength: 6 })
    .map((characters) => `/${characters.join("")}`);
  const either = fc.oneof(name, oddName);
  fc.assert(
    fc.property(either, either, (one, other) => {
      const escaped = escapeName(one);
      expect(covers(escaped, one)).toBe(true);
      expect(covers(escaped, other)).toBe(one === other);
      expect(printable(escaped)).toBe(escaped);
    }),
    { numRuns: 2000 },
  );
  expect(escapeName("/a b\n\udcff")).toBe("/a\\ b\\x0a\\xff");
  expect(escapeName("/\u202egpj.exe")).toBe("/\\xe2\\x80\\xaegpj.exe");
  expect(covers(escapeName("/\ud800"), "/\ud800")).toBe(true);
});

test("every name that can be opened has a pattern, whatever its bytes", () => {
  const longest = `/${"\n".repeat(PATTERN_BYTES_MAX - 1)}`;
  expect(covers(escapeName(longest), longest)).toBe(true);
  expect(parsePattern(escapeName(`${longest}\n`))).toHaveProperty("problem");
});

test("a byte is written by its number where no character can be written for it", () => {
  expect(covers("/a\\x0ab", "/a\nb")).toBe(true);
  expect(covers("/a\\x0ab", "/a b")).toBe(false);
  expect(covers("/\\xc3\\xa4", "/ä")).toBe(true);
  expect(covers("/[\\x01-\\x1f]", "/\n")).toBe(true);
  expect(covers("@a\\x00b", "@a\0b")).toBe(true);
});
