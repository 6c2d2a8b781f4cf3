import { expect, test } from "vitest";
import { number } from "../../../src/kernel/syscalls.ts";
import { systemCall } from "../../../src/kernel/system-calls/table.ts";
import { leftOpen, reaching } from "./reaching-calls.ts";

/** A sealed domain asks of it only whether the policy lists it. */
const isPlain = (call: string): boolean => systemCall(call)?.sealed === null;

test.each(Object.entries(reaching))("no call is forgotten that reaches %s", (_, calls) => {
  const forgotten = calls.filter((call) => isPlain(call) && !Object.hasOwn(leftOpen, call));
  expect(forgotten).toEqual([]);
});

test("what is left open on purpose hangs on the list alone, and exists", () => {
  for (const call of Object.keys(leftOpen)) {
    expect(number(call), call).not.toBeNull();
    expect(isPlain(call), call).toBe(true);
  }
});
