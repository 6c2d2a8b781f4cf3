import { expect, test } from "vitest";
import { rowsOf } from "../../bench/lsm.ts";

const figure = (setting: string, each: number) => ({ operation: "open", setting, each });

test("a row compares what the engine adds with what AppArmor adds", () => {
  const [row] = rowsOf([
    figure("nothing", 1_000),
    figure("AppArmor", 1_200),
    figure("unlabelled", 1_050),
    figure("enforcing", 1_300),
    figure("warning", 1_300),
  ]);
  expect(row).toMatchObject({ what: "open", figures: { nothing: 1_000, enforcing: 1_300 } });
  expect(row?.note.split("; ")).toEqual([
    "1.50 x AppArmor's extra, budget 1: MISSED",
    "1.05 x nothing, unlabelled, budget 1.02: MISSED",
    "1.00 x enforcing, at warning, budget 1: met",
  ]);
});
