import { expect, test } from "vitest";
import { callRow, callTable } from "../../../src/compile/seccomp/call-table.ts";
import { number } from "../../../src/kernel/syscalls.ts";
import { leftOpen, reaching } from "./reaching-calls.ts";

test("every row names existing calls, and no call has two rows", () => {
  const calls = callTable.flatMap((row) => row.calls);
  expect(calls.filter((call) => number(call) === null)).toEqual([]);
  expect(calls.filter((call, index) => calls.indexOf(call) !== index)).toEqual([]);
});

test.each(Object.entries(reaching))("no call is forgotten that reaches %s", (_, calls) => {
  const forgotten = calls.filter(
    (call) => callRow(call) === null && !Object.hasOwn(leftOpen, call),
  );
  expect(forgotten).toEqual([]);
});

test("what is left open on purpose has no row, and exists", () => {
  for (const call of Object.keys(leftOpen)) {
    expect(number(call), call).not.toBeNull();
    expect(callRow(call), call).toBeNull();
  }
});
