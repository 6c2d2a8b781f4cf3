import { readFileSync } from "node:fs";
import { afterAll } from "vitest";
import { CLOCK_TICKS_A_SECOND } from "../../src/domains/proc-stat.ts";

declare module "vitest" {
  interface TaskMeta {
    /** CPU time that a file of tests took, milliseconds. */
    cpuMs?: number;
  }
}

/** utime, stime, cutime and cstime of proc_pid_stat(5), counted behind the name in parentheses. */
const TIMES = { first: 11, end: 15 };

declare global {
  /** What the files before have taken, where several share a process (vitest.config.ts). */
  var cpuMsBefore: number | undefined;
}

// biome-ignore lint/correctness/noEmptyPattern: vitest gives the file to no other form of a hook
afterAll(({}, { file }) => {
  const now = cpuMs();
  file.meta.cpuMs = now - (globalThis.cpuMsBefore ?? 0);
  globalThis.cpuMsBefore = now;
});

/** Of this process, and of its children that have ended and were waited for, with theirs. */
function cpuMs(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(TIMES.first, TIMES.end).reduce((sum, field) => sum + Number(field), 0);
  return (ticks * 1_000) / CLOCK_TICKS_A_SECOND;
}
