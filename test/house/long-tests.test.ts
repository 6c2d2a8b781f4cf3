import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { leftOutOn, longTests } from "../../scripts/share-of-day.mjs";
import { root } from "./tree.ts";

const days = [1, 2, 3].map((day) => new Date(Date.UTC(2026, 11, day)));

test("each long test is a file, and has one of three days", () => {
  expect(longTests.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  for (const file of longTests)
    expect(days.filter((day) => !leftOutOn(day).includes(file))).toHaveLength(1);
});

test("what is left out does not run", () => {
  const run = (leftOut: readonly string[]) =>
    execFileSync("node_modules/.bin/vitest", ["list", "--filesOnly", ...longTests], {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1", COFFERDAM_LEFT_OUT: leftOut.join(" ") },
    }).match(/test\/\S+\.test\.ts/g);
  const [first = "", ...others] = longTests;
  expect(run([])?.sort()).toEqual([...longTests].sort());
  expect(run(others)).toEqual([first]);
});
