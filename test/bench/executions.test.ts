import { expect, test } from "vitest";
import { executionNote } from "../../bench/executions.ts";

test("an execution is compared with the C program that does the same for its level", () => {
  const figures = {
    nothing: 100,
    sealed: 110,
    "C continue": 120,
    warning: 180,
    "C hold": 150,
    enforcing: 300,
  };
  expect(executionNote(figures).split("; ")).toEqual([
    "sealed 1.10 x nothing",
    "warning 1.50 x C continue, budget 1.5: met, 1.80 x nothing",
    "enforcing 2.00 x C hold, budget 1.5: MISSED, 3.00 x nothing",
  ]);
});
