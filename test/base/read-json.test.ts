import { expect, test } from "vitest";
import { readJson, readValue } from "../../src/base/read-json.ts";
import * as is from "../../src/base/schema.ts";

const schema = is.object({
  version: is.oneOf(1),
  level: is.oneOf("enforcing", "warning"),
  runs: is.list(is.object({ pid: is.whole(1), name: is.nullable(is.text) })),
  until: is.optional(is.matching(/^\d+$/)),
  kind: is.optional(
    is.kinds(
      "is",
      is.object({ is: is.oneOf("file"), path: is.text }),
      is.object({ is: is.oneOf("pipe") }),
    ),
  ),
});
const good = { version: 1, level: "warning", runs: [{ pid: 7, name: null }] };

function problem(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const read = readJson(schema, text);
  return read.state === "bad" ? read.problem : "none";
}

test("what fits is the value, and what it says besides is left out", () => {
  const read = readJson(schema, JSON.stringify({ ...good, future: true }));
  expect(read).toEqual({ state: "good", value: good });
});

test.each<[unknown, string]>([
  ["", "it is empty"],
  [JSON.stringify(good).slice(0, -3), "it is no JSON, or not all of it"],
  ["enforcing", "it is no JSON, or not all of it"],
  ["null", "the whole is not an object"],
  ["[]", "the whole is not an object"],
  [{ ...good, version: 2 }, "`version` is none of: 1"],
  [{ ...good, level: "open" }, "`level` is none of: enforcing, warning"],
  [{ version: 1, runs: [] }, "`level` is missing"],
  [{ ...good, runs: {} }, "`runs` is not a list"],
  [{ ...good, runs: [good.runs[0], { pid: 7 }] }, "`runs[1].name` is missing"],
  [{ ...good, runs: [{ pid: "7", name: null }] }, "`runs[0].pid` is not a whole number"],
  [{ ...good, runs: [{ pid: 7.5, name: null }] }, "`runs[0].pid` is not a whole number"],
  [{ ...good, runs: [{ pid: 0, name: null }] }, "`runs[0].pid` is out of range"],
  [{ ...good, until: null }, "`until` is not text"],
  [{ ...good, until: "soon" }, "`until` is not of the form that it has to have"],
  [{ ...good, kind: {} }, "`kind.is` is missing"],
  [{ ...good, kind: { is: "device" } }, "`kind.is` is none that is known here"],
  [{ ...good, kind: { is: "file" } }, "`kind.path` is missing"],
])("%j: %s", (value, said) => {
  expect(problem(value)).toBe(said);
});

test("nothing of a member's name acts on a terminal, however long it is", () => {
  const names = is.record(is.number);
  const read = readJson(names, JSON.stringify({ [`\x1b]0;\u202e\`${"x".repeat(500)}`]: "no" }));
  expect(read.state).toBe("bad");
  if (read.state !== "bad") return;
  expect(read.problem).toMatch(/^`[\x20-\x5f\x61-\x7e]+` is not a number$/);
  expect(read.problem.length).toBeLessThan(100);
});

test("a member named __proto__ is a member, and no prototype", () => {
  const read = readJson(is.record(is.number), '{"__proto__": 1}');
  expect(read.state === "good" && Object.entries(read.value)).toEqual([["__proto__", 1]]);
  expect(readJson(schema, '{"__proto__": {"version": 1}}')).toEqual({
    state: "bad",
    problem: "`version` is missing",
  });
});

test("looking at a value makes nothing else of it", () => {
  expect(readValue(schema, { ...good, future: true }).state).toBe("good");
  expect(readValue(schema, { ...good, level: "open" }).state).toBe("bad");
});
