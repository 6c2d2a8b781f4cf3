import { expect, test } from "vitest";
import { filesLike, read } from "./tree.ts";

/** Lines. A file that does one thing rarely needs more; aim at 100. */
const LINES_MAX = 200;
/** Lines of a test file: cases add up without getting harder to read. */
const TEST_LINES_MAX = 350;

/** Longer on purpose, each with the lines it may have. Lower the number whenever a file shrinks; never raise it lightly. */
const longer: Readonly<Record<string, number>> = {};

function linesMax(file: string): number {
  return longer[file] ?? (file.startsWith("test/") ? TEST_LINES_MAX : LINES_MAX);
}

function lengthOf(file: string): number {
  return read(file).trimEnd().split("\n").length;
}

const written = filesLike(
  [".ts", ".mjs", ".c", ".h", ".sh"],
  ["src/", "native/", "bpf/", "scripts/", "test/", "demo/", "bench/"],
);
const generated = written.filter((file) => /\bgenerated\b/i.test(read(file).slice(0, 300)));

test("files are short", () => {
  const long = written
    .filter((file) => !generated.includes(file))
    .map((file) => ({ file, lines: lengthOf(file), max: linesMax(file) }))
    .filter(({ lines, max }) => lines > max)
    .map(({ file, lines, max }) => `${file}: ${lines} lines, at most ${max}`);
  expect(long).toEqual([]);
});

test("no exception is longer than it needs to be", () => {
  const loose = Object.entries(longer).filter(([file, max]) => !written.includes(file) || lengthOf(file) < max - 20);
  expect(loose).toEqual([]);
});
