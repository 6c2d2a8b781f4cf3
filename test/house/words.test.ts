import { expect, test } from "vitest";
import { filesLike, linesMatching, root } from "./tree.ts";

const code = filesLike([".ts", ".mjs", ".c", ".h", ".sh"]);
const everything = filesLike([
  ".ts",
  ".mjs",
  ".c",
  ".h",
  ".sh",
  ".md",
  ".json",
  ".yaml",
  ".yml",
  "run",
]);

function found(
  where: readonly string[],
  pattern: RegExp,
  except: readonly string[] = [],
): readonly string[] {
  return where
    .filter((file) => !except.includes(file))
    .flatMap((file) => linesMatching(file, pattern));
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

test("no file names the folder it was written in", () => {
  // The bracket keeps this line from finding itself.
  expect(found(everything, new RegExp(`(?<![\\w.$}*/-])/[w]ork/|${literal(root)}/`))).toEqual([]);
});

test("no test is focused, and none is skipped but through test/support/skip.ts", () => {
  const skips =
    /\b(?:it|test|describe|suite|bench)\.(?:only|skip|todo|skipIf|runIf|fails)\b|\b(?:context|ctx)\.skip\(/;
  const tests = filesLike([".ts"], ["test/", "bench/"]);
  expect(found(tests, skips, ["test/support/skip.ts", "test/house/words.test.ts"])).toEqual([]);
});

test("no error is caught only to go on", () => {
  const emptyCatch =
    /catch\s*(?:\([^)]*\))?\s*\{\s*\}|\.catch\(\s*\(\s*\)\s*=>\s*(?:\{\s*\}|undefined|null)\s*\)/;
  expect(found(code, emptyCatch)).toEqual([]);
});

test("no type error and no lint finding is switched off without a reason", () => {
  const silenced = /@ts-(?:ignore|nocheck)|@ts-expect-error\s*$|biome-ignore [\w/]+:\s*$/;
  expect(found(code, silenced, ["test/house/words.test.ts"])).toEqual([]);
});
