import fc from "fast-check";
import picomatch from "picomatch";
import { expect, test } from "vitest";
import { bytesOfName } from "../../src/model/name-bytes.ts";
import { matches, parsePattern } from "../../src/model/pattern.ts";

/**
 * Below a directory, since picomatch does not let a `**` at the root be empty. What both languages
 * mean alike: stars, whole-component `**`, `?`, braces without emptiness, positive classes.
 */
const component = fc.oneof(
  fc
    .array(fc.constantFrom("a", "b", "c", "x.y", "*", "?", "[ab]", "{a,b}", "{ab,c}"), {
      minLength: 1,
      maxLength: 3,
    })
    .map((pieces) => pieces.join("").replace(/\*\*+/g, "*")),
  fc.constant("**"),
);
const common = fc
  .array(component, { minLength: 1, maxLength: 4 })
  .map((components) => `/r/${components.join("/")}`)
  .filter((text) => "pattern" in parsePattern(text));
const path = fc
  .array(fc.constantFrom("a", "b", "c", "ab", "abc", "x.y", "ax.y", "ba"), {
    minLength: 1,
    maxLength: 5,
  })
  .map((components) => `/r/${components.join("/")}`);

test("picomatch agrees on the common subset", () => {
  let agreed = 0;
  fc.assert(
    fc.property(common, path, (text, name) => {
      const result = parsePattern(text);
      if ("problem" in result) return;
      // That `DIR/**` matches DIR too, picomatch knows of plain directories only.
      const written = text.endsWith("/**") ? [text, text.slice(0, -3)] : text;
      const theirs = picomatch.isMatch(name, written, { dot: true });
      expect(matches(result.pattern, bytesOfName(name)), `${text} ${name}`).toBe(theirs);
      if (theirs) agreed++;
    }),
    { numRuns: 5000 },
  );
  expect(agreed).toBeGreaterThan(100);
});
