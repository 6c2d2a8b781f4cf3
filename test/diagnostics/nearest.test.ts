import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, nearest } from "../../src/diagnostics/nearest.ts";

describe("nearest", () => {
  it("finds a word with a letter wrong, missing, added or swapped", () => {
    const words = ["capabilities", "network", "files"];
    for (const [typed, meant] of [
      ["capabilites", "capabilities"],
      ["netwrok", "network"],
      ["fils", "files"],
      ["filles", "files"],
    ]) {
      expect(nearest(typed as string, words)).toBe(meant);
    }
  });

  it("stays silent when nothing is near, and for the word itself", () => {
    expect(nearest("zzz", ["files"])).toBeNull();
    expect(nearest("files", ["files"])).toBeNull();
    expect(nearest("x".repeat(10_000), ["files"])).toBeNull();
  });

  it("the distance is symmetric, zero only between equals, and at most the longer length", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});
