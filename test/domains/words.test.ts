import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readWords } from "../../src/domains/proc-stat.ts";

test("of a process's arguments only the first few thousand bytes are read", async () => {
  const child = spawn("sleep", ["1000", ...Array.from({ length: 50 }, () => "0".repeat(10_000))], {
    stdio: "ignore",
  });
  await once(child, "spawn");
  try {
    const pid = child.pid ?? 0;
    await expect
      .poll(() => readFileSync(`/proc/${pid}/cmdline`, "latin1").length)
      .toBeGreaterThan(500_000);
    const words = readWords(pid) ?? "";
    expect(words).toMatch(/^sleep\0/u);
    expect(words.length).toBe(4_097);
    expect(readWords(process.pid)).toBe(readFileSync("/proc/self/cmdline", "utf8"));
  } finally {
    child.kill("SIGKILL");
    await once(child, "close");
  }
  expect(readWords(child.pid ?? 0)).toBeNull();
});
