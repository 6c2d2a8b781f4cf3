import { expect, test } from "vitest";
import { filesLike, read } from "./tree.ts";

/** Lines of code in `native/`, without comments, blank lines and the generated header. Lower it whenever there are fewer; ARCHITECTURE.md says why there are so many. */
const NATIVE_LINES_MAX = 1778;

function linesOfCode(file: string): number {
  return read(file)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .split("\n")
    .filter((line) => line.trim() !== "").length;
}

/** The same of the session server's programs: its client, and the attendant that keeps a client's descriptors out of it, which nothing that lives on may hold. */
const SESSION_LINES_MAX = 451;

const native = filesLike([".c", ".h"], ["native/"]).filter((file) => !file.endsWith("plan-layout.h"));
const isOfSessions = (file: string): boolean => file.startsWith("native/session/");

test.each([
  { what: "front", max: NATIVE_LINES_MAX, own: native.filter((file) => !isOfSessions(file)) },
  { what: "session programs", max: SESSION_LINES_MAX, own: native.filter(isOfSessions) },
])("the native $what: no more lines", ({ max, own }) => {
  const lines = own.map(linesOfCode).reduce((sum, count) => sum + count, 0);
  expect(lines).toBeLessThanOrEqual(max);
  expect(lines, "lower the number").toBeGreaterThan(max - 20);
});
