import { expect, test } from "vitest";
import { files, filesLike, importsOf, read } from "./tree.ts";

/** Programs, as scripts/build.mjs names them, and the scripts that read sources. */
function entries(): readonly string[] {
  const programs = [...read("scripts/build.mjs").matchAll(/"(src\/[^"]+\.ts)"/g)].map(
    (match) => match[1] ?? "",
  );
  return [...programs, ...filesLike([".ts", ".mjs"], ["scripts/", "bench/", "demo/"])];
}

function reachableFrom(starts: readonly string[]): ReadonlySet<string> {
  const seen = new Set(starts);
  const open = [...starts];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    for (const target of importsOf(file)) {
      if (seen.has(target) || !files.includes(target)) continue;
      seen.add(target);
      open.push(target);
    }
  }
  return seen;
}

test("every source file is reached from a program", () => {
  const reached = reachableFrom(entries());
  expect(filesLike([".ts"], ["src/"]).filter((file) => !reached.has(file))).toEqual([]);
});

test("every program that is built exists", () => {
  expect(entries().filter((file) => !files.includes(file))).toEqual([]);
});
