import { expect, test } from "vitest";
import { rowsOf } from "../../bench/lsm.ts";
import { renderTable } from "../../bench/table.ts";

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

test("each figure stands below its setting, whatever was measured first", () => {
  const settings = ["nothing", "AppArmor", "landlock", "unlabelled", "enforcing", "warning"];
  const measured = settings.map((setting, at) => figure(setting, 1_000 + at));
  const more = [figure("disabled", 1_006), figure("10000 rules", 1_007)];
  const [, head, row] = renderTable("", rowsOf([...measured, ...more])).split("\n");
  expect(head?.trim().split(/ {2,}/)).toEqual([
    ...["nothing", "unlabelled", "AppArmor", "landlock", "enforcing", "warning", "disabled"],
    "10000 rules",
  ]);
  expect(row?.trim().split(/ {2,}/)).toEqual([
    "open (instructions)",
    ...["1000", "1003", "1001", "1002", "1004", "1005", "1006", "1007"],
  ]);
});
