import { cpus } from "node:os";
import { expect, test } from "vitest";
import { formatCpus, readAffinity } from "../../src/domains/affinity.ts";

test.each([
  [[0b1], "0"],
  [[0b11], "0,1"],
  [[0b111], "0-2"],
  [[0b11111111, 0b1111], "0-11"],
  [[0b10110111], "0-2,4,5,7"],
  [[0, 0b10000001], "8,15"],
  [[0], ""],
])("%j is %s", (mask, text) => {
  expect(formatCpus(Uint8Array.from(mask))).toBe(text);
});

test("this process runs on processors of the host, an ended process on none", () => {
  const last = Number(/\d+$/.exec(readAffinity(process.pid) ?? "")?.[0]);
  expect(last).toBeGreaterThanOrEqual(0);
  expect(cpus().length).toBeGreaterThan(0);
  expect(readAffinity(2 ** 22 + 1)).toBeNull();
});
