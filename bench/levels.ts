import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { hasOwnHost, OwnHost } from "./own-host.ts";
import { progress } from "./progress.ts";
import { cofferdam, percentile, type Scratch } from "./scratch.ts";
import { type Row, rootOnly } from "./table.ts";

const DOMAIN = "bench-levels";
/** Orders straight to the control socket, and by the command. */
const SWITCHES = 300;
const COMMANDS = 40;
/** Design: milliseconds from the order to its being in force on a running process. */
const BUDGET_MS = 10;
/** A switch that takes longer will not come, in milliseconds. */
const SWITCH_MS_MAX = 10_000;

type Level = "warning" | "enforcing";

/**
 * From the order to the first answer by the new level: a process that asks without end notes when
 * it is granted and when refused.
 */
export async function levelSwitches(scratch: Scratch): Promise<Row[]> {
  if (!hasOwnHost()) return [rootOnly("level switches", "ms")];
  const watch = scratch.program("watch");
  const outside = scratch.file("outside-levels");
  fs.writeFileSync(outside, "x");
  const host = await OwnHost.start(new Map([[DOMAIN, policyText(watch)]]));
  try {
    await host.mediator();
    const seen = new Seen(scratch.file("watched"));
    host.run(DOMAIN, [watch, outside], seen.file);
    await seen.next("enforcing");
    const order = (level: Level) => host.ask("PUT", `/domains/${DOMAIN}/level`, { level });
    progress(`${SWITCHES} orders to the control socket`);
    const bySocket = await switches(SWITCHES, seen, order);
    progress(`${COMMANDS} times \`cofferdam domain level\``);
    const byCommand = await switches(COMMANDS, seen, async (level) => {
      execFileSync(cofferdam, ["domain", "level", DOMAIN, level], { stdio: "ignore" });
    });
    return [
      row("control socket, to in force", bySocket.inForce, BUDGET_MS),
      row("control socket, to the answer", bySocket.answered, null),
      row("command, to in force", byCommand.inForce, null),
      row("command, to its end", byCommand.answered, null),
    ];
  } finally {
    await host.stop();
  }
}

async function switches(count: number, seen: Seen, order: (level: Level) => Promise<unknown>) {
  const [inForce, answered]: number[][] = [[], []];
  for (let i = 0; i < count; i++) {
    const level = i % 2 === 0 ? "warning" : "enforcing";
    // The same clock as the other process's: CLOCK_MONOTONIC.
    const begin = process.hrtime.bigint();
    await order(level);
    answered?.push(Number(process.hrtime.bigint() - begin) / 1e6);
    inForce?.push(Number((await seen.next(level)) - begin) / 1e6);
  }
  return { inForce: inForce ?? [], answered: answered ?? [] };
}

/** The lines of `programs/watch.c`. */
class Seen {
  readonly file: string;
  #lines = 0;

  constructor(file: string) {
    this.file = file;
  }

  /** When the level was first felt, in nanoseconds. */
  async next(level: Level): Promise<bigint> {
    for (
      const since = performance.now();
      performance.now() - since < SWITCH_MS_MAX;
      await pause(1)
    ) {
      const lines = fs.readFileSync(this.file, "utf8").split("\n");
      if (lines.length - 1 <= this.#lines) continue;
      const [granted, time = "0"] = lines[this.#lines]?.split(" ") ?? [];
      this.#lines += 1;
      if (granted === (level === "warning" ? "1" : "0")) return BigInt(time);
      throw new Error(`the domain is not at level ${level}: ${fs.readFileSync(this.file, "utf8")}`);
    }
    throw new Error(`level ${level} does not come:\n${fs.readFileSync(this.file, "utf8")}`);
  }
}

function row(what: string, times: readonly number[], budget: number | null): Row {
  const figures = {
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    most: Math.max(...times),
  };
  const note =
    budget === null ? "" : `p99, budget ${budget} ms: ${figures.p99 <= budget ? "met" : "MISSED"}`;
  return { what, unit: "ms", figures, note };
}

function policyText(watch: string): string {
  return `summary: benchmark
level: enforcing
mediation: supervised
include: [base]
files: [rx ${watch}]
inherit: [stdio]
syscalls: ["@system-service"]
`;
}
