import fc from "fast-check";
import { expect, test } from "vitest";
import { usable } from "../../src/suggest/usable.ts";

test("what is refused by itself is left out, and nothing else, in the same order", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(1_000), { maxLength: 30 }), fc.nat(5), (list, refused) => {
      const bad = new Set(list.slice(0, refused));
      const found = usable(list, (some) => some.every((one) => !bad.has(one)));
      expect(found).toEqual(list.filter((one) => !bad.has(one)));
    }),
  );
});

test("of too many the first ones are left", () => {
  const list = Array.from({ length: 64 }, (_, at) => at);
  expect(usable(list, ({ length }) => length <= 40)).toEqual(list.slice(0, 40));
});

test("it gives up soon, with what it has", () => {
  let tries = 0;
  const list = Array.from({ length: 10_000 }, (_, at) => at);
  const found = usable(list, (some) => {
    tries += 1;
    return some.every((one) => one % 2 === 0);
  });
  expect(tries).toBeLessThanOrEqual(100);
  expect(found.every((one) => one % 2 === 0)).toBe(true);
});
