import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { progress } from "./progress.ts";
import { clone, cofferdam, median, type Scratch } from "./scratch.ts";
import type { Row } from "./table.ts";

/**
 * Design: this many processes in {@link BUDGET_MS} milliseconds, from the command line to the last
 * row.
 */
const PROCESSES = 5_000;
const BUDGET_MS = 1_000;
const ROUNDS = 5;

/** `ps` in its forms, among 5,000 sleeping processes and as many threads. */
export async function psTimes(scratch: Scratch): Promise<Row[]> {
  const crowd = scratch.file("crowd");
  execFileSync("gcc", ["-O2", "-pthread", "-o", crowd, path.join(clone, "bench/programs/crowd.c")]);
  const rows: Row[] = [];
  for (const kind of ["processes", "threads"]) {
    progress(`ps among ${PROCESSES} ${kind}`);
    const child = spawn(crowd, [kind, String(PROCESSES)], { stdio: ["pipe", "pipe", "inherit"] });
    try {
      await Promise.race([once(child.stdout, "data"), gaveUp(child)]);
      for (const form of [[], ["-Z"], ["-TcjstvZ"], ["-Z", "--json"]]) rows.push(row(kind, form));
    } finally {
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
  }
  return rows;
}

async function gaveUp(child: ChildProcess): Promise<never> {
  await once(child, "exit");
  throw new Error("the host does not let so many live: see ulimit -u");
}

function row(kind: string, form: readonly string[]): Row {
  const times = Array.from({ length: ROUNDS }, () => {
    const begin = process.hrtime.bigint();
    execFileSync(cofferdam, ["ps", ...form], { stdio: ["ignore", "ignore", "inherit"] });
    return Number(process.hrtime.bigint() - begin) / 1e6;
  });
  const time = median(times);
  const note = `budget ${BUDGET_MS} ms: ${time <= BUDGET_MS ? "met" : "MISSED"}`;
  return {
    what: ["ps", ...form, `among ${PROCESSES} ${kind}`].join(" "),
    unit: "ms",
    figures: { time },
    note,
  };
}
