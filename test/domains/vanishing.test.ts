import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { listProcesses } from "../../src/domains/processes.ts";

/** Processes that come and go while the list is made. */
const PROCESSES = 2_000;

test("processes that end while they are listed are left out, and no others", async () => {
  const child = spawn(
    "sh",
    ["-c", `i=0; while [ $i -lt ${PROCESSES} ]; do /bin/true & i=$((i + 1)); done; wait`],
    {
      stdio: "ignore",
    },
  );
  const ended = once(child, "exit");
  const state = { over: false };
  ended.then(() => {
    state.over = true;
  });
  let lists = 0;
  while (!state.over) {
    const rows = listProcesses({ runs: [], levelOf: () => null, threads: true, details: true });
    expect(rows.some(({ pid, tid }) => pid === process.pid && tid === pid)).toBe(true);
    expect(new Set(rows.map(({ tid }) => tid)).size).toBe(rows.length);
    lists++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(lists).toBeGreaterThan(0);
});
