import { expect, test } from "vitest";
import { filesLike, read } from "./tree.ts";

const sources = filesLike([".ts", ".c", ".h"], ["src/", "native/", "bpf/"]).filter(
  (file) => !/\bgenerated\b/i.test(read(file).slice(0, 300)),
);

/**
 * A number with a limit's name, but one with its unit in it (`_MS`, `_BYTES_`): `const X_MAX = 5`,
 * `#define X_COUNT 5`.
 */
const limit =
  /^(?:export )?(?:const|#define) ([A-Z][A-Z0-9_]*_(?:MAX|MIN|S|TICKS|COUNT|SIZE)) *=? *[\d(]/;

/**
 * Limits without a comment that says what is counted, above it or behind it; a comment may stand
 * above a group.
 */
function undocumented(file: string): readonly string[] {
  const lines = read(file).split("\n");
  return lines.flatMap((line, at) => {
    const name = limit.exec(line)?.[1];
    if (name === undefined || /BYTES/.test(name) || /\/[/*]/.test(line)) return [];
    let above = at - 1;
    while (above >= 0 && limit.test(lines[above] ?? "")) above--;
    return /\*\/\s*$|^\s*\/\//.test(lines[above] ?? "") ? [] : [`${file}: ${name}`];
  });
}

test("every limit has a name and a unit", () => {
  const kernels = ["src/kernel/constants/", "src/kernel/bpf/", "src/mediate/sys/abi.ts"];
  const own = sources.filter((file) => !kernels.some((folder) => file.startsWith(folder)));
  expect(
    own.flatMap((file) => read(file).split("\n")).filter((line) => limit.test(line)).length,
  ).toBeGreaterThan(20);
  expect(own.flatMap(undocumented)).toEqual([]);
});

test("no wait and no buffer has a size without a name", () => {
  const nameless =
    /\b(?:timeout|maxBuffer|highWaterMark): *\d{2,}|\bset(?:Timeout|Interval)\([^;]*, *\d{2,}\)|\bp?poll\([^;]*, *\d{2,}\)|\bslice\(0, *\d{3,}\)|\balloc\(\d{4,}\)|\[\d{4,}\]/;
  const found = sources.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, at) => (nameless.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});
