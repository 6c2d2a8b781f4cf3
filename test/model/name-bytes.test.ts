import fc from "fast-check";
import { expect, test } from "vitest";
import { isCanonicalName } from "../../src/model/canonical-name.ts";
import { bytesOfName, nameOfBytes } from "../../src/model/name-bytes.ts";

test("any bytes survive as a name", () => {
  const tricky = fc.array(
    fc.constantFrom(0x61, 0xc3, 0xa4, 0xed, 0xb2, 0x80, 0xf0, 0x9f, 0xef, 0xbb, 0xbf, 0xff),
    {
      maxLength: 12,
    },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        tricky.map((list) => Uint8Array.from(list)),
      ),
      (bytes) => {
        expect(bytesOfName(nameOfBytes(bytes))).toEqual(bytes);
      },
    ),
    { numRuns: 5000 },
  );
});

test("names that are UTF-8 are their text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(nameOfBytes(new TextEncoder().encode(text))).toBe(text);
      expect(bytesOfName(text)).toEqual(new TextEncoder().encode(text));
    }),
  );
});

test.each(["/", "/a", "/a/.b", "/...", "/a b", "@", "@a/../b", "@/"])("%j is canonical", (name) => {
  expect(isCanonicalName(name)).toBe(true);
});
test.each(["", "a", "/a/", "//", "/.", "/a/..", "/a//b", "/a\0", "./a"])(
  "%j is not canonical",
  (name) => {
    expect(isCanonicalName(name)).toBe(false);
  },
);
