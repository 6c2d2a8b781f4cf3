import * as fs from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { hasOwnHost, OwnHost } from "./own-host.ts";
import { progress } from "./progress.ts";
import { percentile, type Scratch } from "./scratch.ts";
import { type Row, rootOnly } from "./table.ts";

/** Design: one policy of a host with so many, in {@link BUDGET_MS}. */
const DOMAINS = 1_000;
const BUDGET_MS = 50;
const RELOADS = 20;
const FORCE_MS_MAX = 10_000;
/** A domain whose policy changes while a process of it runs, and a domain without processes. */
const [RUNNING, RESTING] = ["bench-reload-0", "bench-reload-1"];

/**
 * One policy that changed, through a running agent: order to answer, and to in force on a running
 * process.
 */
export async function reloadTimes(scratch: Scratch): Promise<Row[]> {
  if (!hasOwnHost()) return [rootOnly("reload through the agent", "ms")];
  const watch = scratch.program("watch");
  const file = scratch.file("granted-at-times");
  fs.writeFileSync(file, "x");
  progress(`an agent with ${DOMAINS} domains`);
  const text = (i: number) => policyText(watch, i);
  const host = await OwnHost.start(
    new Map(Array.from({ length: DOMAINS }, (_, i) => [`bench-reload-${i}`, text(i)] as const)),
  );
  try {
    await host.mediator();
    const output = scratch.file("reload-watched");
    host.run(RUNNING, [watch, file], output);
    await lines(output, 1);
    progress(`${RELOADS} reloads of a domain that runs, and of one that does not`);
    const [answered, inForce, resting]: number[][] = [[], [], []];
    for (let i = 0; i < RELOADS; i++) {
      const grant = i % 2 === 0 ? `  - r ${file}\n` : "";
      fs.writeFileSync(OwnHost.fileOf(RUNNING), text(0).replace("files:\n", `files:\n${grant}`));
      const begin = process.hrtime.bigint();
      const answer = await host.ask("POST", `/domains/${RUNNING}/reload`);
      answered?.push(Number(process.hrtime.bigint() - begin) / 1e6);
      if (answer.domains[0]?.following !== 1)
        throw new Error(`nobody follows: ${JSON.stringify(answer)}`);
      const seen = (await lines(output, i + 2)).at(i + 1)?.split(" ")[1] ?? "0";
      inForce?.push(Number(BigInt(seen) - begin) / 1e6);
      fs.writeFileSync(OwnHost.fileOf(RESTING), text(1).replace("files:\n", `files:\n${grant}`));
      const second = performance.now();
      await host.ask("POST", `/domains/${RESTING}/reload`);
      resting?.push(performance.now() - second);
    }
    progress("reloads of all, of which nothing changed");
    await host.ask("POST", "/reload");
    const unchanged: number[] = [];
    for (let i = 0; i < RELOADS; i++) {
      const begin = performance.now();
      await host.ask("POST", "/reload");
      unchanged.push(performance.now() - begin);
    }
    return [
      row("policy that runs, to in force", inForce ?? [], BUDGET_MS),
      row("policy that runs, to the answer", answered ?? [], null),
      row("policy of which nothing runs", resting ?? [], BUDGET_MS),
      row("all policies, nothing changed", unchanged, null),
      {
        what: `agent's start, ${DOMAINS} policies`,
        unit: "ms",
        figures: { p50: host.startMs },
        note: "",
      },
    ];
  } finally {
    await host.stop();
  }
}

/** The output of `programs/watch.c` once it has so many lines. */
async function lines(output: string, count: number): Promise<readonly string[]> {
  for (const since = performance.now(); performance.now() - since < FORCE_MS_MAX; await pause(1)) {
    const found = fs.readFileSync(output, "utf8").split("\n").slice(0, -1);
    if (found.length >= count) return found;
  }
  throw new Error(`no ${count} changes seen:\n${fs.readFileSync(output, "utf8")}`);
}

function row(what: string, times: readonly number[], budget: number | null): Row {
  const figures = { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
  const note =
    budget === null
      ? ""
      : `median, budget ${budget} ms: ${figures.p50 <= budget ? "met" : "MISSED"}`;
  return { what, unit: "ms", figures, note };
}

function policyText(watch: string, i: number): string {
  return `summary: benchmark
level: enforcing
mediation: supervised
include: [base, name-service]
files:
  - rx ${watch}
  - r /etc/bench-${i}/** /usr/share/bench-${i}/**
  - rwcda /var/lib/bench-${i}/**
network: [listen tcp ${10_000 + i}]
inherit: [stdio]
syscalls: ["@system-service"]
signals: [self]
`;
}
