import { expect, test } from "vitest";
import { note } from "../../bench/supervised.ts";

test("an open at warning is held against the C program and against strace", () => {
  const figures = { nothing: 2, C: 10, Cofferdam: 12, strace: 30 };
  expect(note({ budget: 1.2, level: "warning" }, figures).split("; ")).toEqual([
    "1.20 x C, budget 1.2: met",
    "6.0 x nothing",
    "2.50 x cheaper than strace, budget >= 5: MISSED",
  ]);
});

test("what has no budget is compared, and not judged", () => {
  const figures = { nothing: 10, C: 20, Cofferdam: 60 };
  expect(note({ budget: null, level: "enforcing" }, figures)).toBe("3.00 x C; 6.0 x nothing");
});
