import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { median, type Scratch } from "./scratch.ts";

/** Each process reports the median of its own rounds. */
export const ROUNDS_A_PROCESS = 7;
/** A process that takes longer waits for an answer that will not come, in milliseconds. */
const PROCESS_TIMEOUT_MS = 60_000;

export interface Work {
  /** Of `programs/micro.c`. */
  readonly operation: string;
  readonly argument: string;
  readonly perRound: number;
  /** Rounds that do not count: a mediator that has just started runs in the interpreter. */
  readonly warmUp?: number;
}

/** What stands in front of `micro` and its arguments, by the name of the setting. */
export type Settings = Readonly<Record<string, readonly string[]>>;

/**
 * Nanoseconds an operation: of each setting the lowest median of `turns` processes, taken in turns
 * so that a slow second hits all.
 */
export async function inTurns(
  scratch: Scratch,
  work: Work,
  settings: Settings,
  turns: number,
): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (let turn = 0; turn < turns; turn++) {
    for (const [name, command] of Object.entries(settings)) {
      const warmUp = work.warmUp ?? 0;
      const count = ROUNDS_A_PROCESS + warmUp;
      const what = [work.operation, String(count), String(work.perRound), work.argument];
      const rounds = await roundsOf(scratch, [...command, ...what], count);
      const figure = median(rounds.slice(warmUp));
      figures[name] = Math.min(figures[name] ?? Number.POSITIVE_INFINITY, figure);
    }
  }
  return figures;
}

/**
 * One process of `micro`: nanoseconds an operation, a line a round. To a file, since the domain
 * inherits no sockets.
 */
function roundsOf(scratch: Scratch, command: readonly string[], count: number): Promise<number[]> {
  const [output, errors] = [scratch.file("output"), scratch.file("errors")];
  const [stdout, stderr] = [fs.openSync(output, "w"), fs.openSync(errors, "w")];
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    stdio: ["ignore", stdout, stderr],
    timeout: PROCESS_TIMEOUT_MS,
  });
  for (const fd of [stdout, stderr]) fs.closeSync(fd);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => {
      const rounds = fs.readFileSync(output, "utf8").split("\n").filter(Boolean).map(Number);
      const name = command.join(" ");
      const problem = `\`${name}\` ended with ${status} after ${rounds.length} rounds\n`;
      if (status === 0 && rounds.length === count) resolve(rounds);
      else reject(new Error(problem + fs.readFileSync(errors, "utf8")));
    });
  });
}
