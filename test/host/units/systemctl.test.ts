import { expect, test } from "vitest";
import { ask } from "../../../src/host/units/systemctl.ts";

test("a program that does not end is not waited for without end", () => {
  expect(() => ask("sleep", ["60"], 100)).toThrow("`sleep 60` did not end within 0.1 seconds");
  expect(ask("true", [], 60_000).status).toBe(0);
});
