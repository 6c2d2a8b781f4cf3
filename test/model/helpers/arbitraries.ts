import fc from "fast-check";
import { bytesOfName } from "../../../src/model/name-bytes.ts";
import { parsePattern } from "../../../src/model/pattern.ts";
import { allPermissions } from "../../../src/model/permission.ts";
import type { NameRule } from "../../../src/model/policy.ts";
import { source } from "./policy.ts";

/** Few letters, so that patterns and names meet often. */
const piece = fc.constantFrom(
  "a",
  "b",
  ".",
  "ab",
  "*",
  "?",
  "[ab]",
  "[!a]",
  "{a,b}",
  "{,b}",
  "ä",
  "\\*",
  "*b",
);
const component = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(piece, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join("")),
  },
  { weight: 1, arbitrary: fc.constant("**") },
);

/** Patterns that parse. */
export const pattern = fc
  .tuple(
    fc.array(component, { minLength: 1, maxLength: 3 }),
    fc.constantFrom("", "", "/**", "**", "{,/**}", "/{a,b/*}"),
    fc.constantFrom("/", "/", "/", "/", "@"),
  )
  .map(([components, end, start]) => `${start}${components.join("/")}${end}`)
  .filter((text) => "pattern" in parsePattern(text));

const permissions = fc.oneof(
  fc.constantFrom(1, 2, 4, 8, 12, 15, 0x3ff),
  fc.integer({ min: 1, max: allPermissions }),
);

export const nameRule: fc.Arbitrary<NameRule> = fc.record({
  effect: fc.constantFrom("allow", "allow", "deny"),
  permissions,
  pattern,
  source: fc.integer({ min: 1, max: 9 }).map((line) => source("generated", line)),
});

export const nameRules = fc.array(nameRule, { maxLength: 6 });

const nameComponent = fc
  .array(fc.constantFrom("a", "b", ".", "ab", "ä", "*", "c", "\udc80"), {
    minLength: 1,
    maxLength: 3,
  })
  .map((pieces) => pieces.join(""))
  .filter((name) => name !== "." && name !== "..");

/** Canonical names. */
export const name = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .array(nameComponent, { maxLength: 4 })
      .map((components) => `/${components.join("/")}`),
  },
  { weight: 1, arbitrary: nameComponent.map((component) => `@${component}`) },
);

/** Any bytes at all, the interesting ones often. */
export const anyBytes = fc.oneof(
  name.map(bytesOfName),
  fc
    .array(fc.constantFrom(0x2f, 0x61, 0x62, 0x2e, 0x40, 0x00, 0xc3, 0xff), { maxLength: 10 })
    .map((b) => Uint8Array.from(b)),
  fc.uint8Array({ maxLength: 12 }),
);
