import { expect, test } from "vitest";
import { filesLike, read } from "./tree.ts";

/** Columns of a line of code or comment; biome wraps TypeScript code by itself. */
const COLUMNS_MAX = 100;

/** Lines that are still longer: text of messages and C. Lower the number; it never rises. */
const LONG_LINES_MAX = 373;

const written = filesLike(
  [".ts", ".mjs", ".c", ".h", ".sh"],
  ["src/", "native/", "scripts/", "test/", "demo/", "bench/"],
).filter((file) => !/\bgenerated\b/i.test(read(file).slice(0, 300)));

test("no more lines than before are longer than a hundred columns", () => {
  const long = written.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, at) => (line.length > COLUMNS_MAX ? [`${file}:${at + 1}`] : [])),
  );
  expect(long.length, long.slice(0, 20).join("\n")).toBeLessThanOrEqual(LONG_LINES_MAX);
});

/** Lines of running text in documents that are still longer. Lower the number; it never rises. */
const LONG_DOCUMENT_LINES_MAX = 5;

/** Rows of tables and code cannot be wrapped, nor can a link or a name that is longer by itself. */
function isRunningText(line: string): boolean {
  return !/^(\||#| {4})/.test(line) && /^.{0,99}\S\s+\S/.test(line.trimStart());
}

test("no more lines of documents than before are longer than a hundred columns", () => {
  const long = filesLike([".md"]).flatMap((file) => {
    let isCode = false;
    return read(file)
      .split("\n")
      .flatMap((line, at) => {
        if (line.startsWith("```")) isCode = !isCode;
        const isLong = !isCode && line.length > COLUMNS_MAX && isRunningText(line);
        return isLong ? [`${file}:${at + 1}`] : [];
      });
  });
  expect(long.length, long.slice(0, 20).join("\n")).toBeLessThanOrEqual(LONG_DOCUMENT_LINES_MAX);
});
