import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { front } from "../properties/domain.ts";

/** From too few descriptors for Node to start, up to enough for every child that a probe wants. */
const LIMITS = { from: 16, to: 28 };

test("a probe that cannot fork kills no process: its own process group lives on", () => {
  const script = `
    for limit in $(seq ${LIMITS.from} ${LIMITS.to}); do
      prlimit --nofile=$limit ${front} doctor > /dev/null 2>&1
      echo $limit
    done`;
  // In a group of its own, so that a failure does not kill the test runner.
  const { stdout, signal } = spawnSync("setsid", ["--wait", "sh", "-c", script], {
    encoding: "utf8",
    timeout: 90_000,
  });
  expect({ last: stdout.trim().split("\n").at(-1), signal }).toEqual({
    last: String(LIMITS.to),
    signal: null,
  });
});
