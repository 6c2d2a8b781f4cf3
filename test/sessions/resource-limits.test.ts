import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { limitArguments, limitsOf } from "../../src/sessions/resource-limits.ts";

test("a process that is gone has no limits, and that is no error", () => {
  expect(limitsOf(spawnSync("true").pid).size).toBe(0);
});

test("no login gets more than the server's own hard limit", () => {
  const wanted = new Map([["nofile", [1_024, Number.POSITIVE_INFINITY]]] as const);
  const own = new Map([["nofile", [512, 4_096]]] as const);
  expect(limitArguments(wanted, own)).toEqual(["--nofile=1024:4096"]);
});
