import { expect, test } from "vitest";
import { filesLike, read } from "./tree.ts";

/** Columns of a line of code or comment; biome wraps TypeScript code by itself. */
const COLUMNS_MAX = 100;

/** Lines that may be longer, each with the reason why it cannot be wrapped. */
const exceptions: readonly {
  readonly file: RegExp;
  readonly line: RegExp;
  readonly why: string;
}[] = [
  {
    file: /\.ts$/,
    line: /^\s*(?:[?:] )?\/[^*/].*\/[a-z]*[,;)]*$/,
    why: "a regular expression: in pieces of text it would need each of its backslashes twice",
  },
  {
    file: /^test\/machines\/command-line\.test\.ts$/,
    line: /^ {2}"-.*":$/,
    why: "the key of a row: an emulator's options, which the row below explains in order",
  },
  {
    file: /^test\/policy\/fixtures\//,
    line: /./,
    why: "a policy that is checked as it stands, and what is said of its columns",
  },
];

const written = filesLike(
  [".ts", ".mjs", ".c", ".h", ".sh", ".yaml"],
  ["src/", "native/", "bpf/", "domains/", "scripts/", "test/", "demo/", "bench/"],
).filter((file) => !/\bgenerated (?:by|from)\b/i.test(read(file).slice(0, 300)));

function isException(file: string, line: string): boolean {
  return exceptions.some((one) => one.file.test(file) && one.line.test(line));
}

test("no line of code or comment is longer than a hundred columns", () => {
  const long = written.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, at) =>
        line.length > COLUMNS_MAX && !isException(file, line) ? [`${file}:${at + 1}`] : [],
      ),
  );
  expect(long).toEqual([]);
});

/**
 * Rows of tables and code cannot be wrapped, nor can a heading, or a link or a name that is longer
 * by itself.
 */
function isRunningText(line: string): boolean {
  return !/^(\||#| {4}| *`[^`]*`[:;,.]?$)/.test(line) && /^.{0,99}\S\s+\S/.test(line.trimStart());
}

test("no line of running text in a document is longer than a hundred columns", () => {
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
  expect(long).toEqual([]);
});
