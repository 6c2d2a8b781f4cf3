import { expect, test } from "vitest";
import { systemCalls } from "../../../src/kernel/system-calls/table.ts";
import { handlers } from "../../../src/mediate/calls/table.ts";

/** Classes whose calls have a handler, where `supervise.ts` has no answer of its own. */
const HANDLED: ReadonlySet<string> = new Set(["name", "address", "exec"]);
/** Of the class `descriptor` those that only judge. */
const JUDGED: ReadonlySet<string> = new Set(["fcntl", "mmap"]);

test("every call that takes a name, an address or a program has a handler", () => {
  const needed = systemCalls.filter(
    (call) => HANDLED.has(call.class) || (call.class === "descriptor" && !JUDGED.has(call.name)),
  );
  expect(needed.length).toBeGreaterThan(40);
  expect(needed.map(({ name }) => name).filter((name) => !handlers.has(name))).toEqual([]);
});
