import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { withoutAuditContext } from "../test/support/no-audit-context.ts";
import { accounted } from "./accounted.ts";
import { hasOwnHost, kilobytes, OwnHost, processorMs } from "./own-host.ts";
import { progress } from "./progress.ts";
import type { Scratch } from "./scratch.ts";
import { type Row, rootOnly } from "./table.ts";

const DOMAIN = "bench-refusals";
const FLOOD_MS = 3_000;
const IDLE_MS = 5_000;
/** What was counted is written by then. */
const ACCOUNT_MS_MAX = 30_000;
const NAMES = [1, 5_000];
const ROUNDS = 3;

/** What it costs that the kernel's refusals are in the log: at rest, and under a flood. */
export async function refusalCosts(scratch: Scratch): Promise<Row[]> {
  if (!hasOwnHost()) return [rootOnly("a call outside every domain", "ns")];
  const program = scratch.program("flood");
  const folder = scratch.file("refused");
  fs.mkdirSync(folder);
  const most = Math.max(...NAMES);
  for (let i = 0; i < most; i++) fs.writeFileSync(`${folder}/file-${i}`, "");
  const rows: Row[] = [];
  for (const names of NAMES) rows.push(await flood(scratch, program, folder, names));
  return [await atRest(scratch), ...rows];
}

/** Beside an agent that collects: a program with and without an audit context. */
async function atRest(scratch: Scratch): Promise<Row> {
  const host = await OwnHost.start(new Map(), { collects: true });
  try {
    const collector = await host.collector();
    const file = scratch.file("opened");
    fs.writeFileSync(file, "");
    progress("an open with and without an audit context");
    const times = { without: Number.POSITIVE_INFINITY, with: Number.POSITIVE_INFINITY };
    for (let round = 0; round < ROUNDS; round++) {
      times.with = Math.min(times.with, openTime(scratch, file));
      const without = await withoutAuditContext(() => openTime(scratch, file));
      times.without = Math.min(times.without, without);
    }
    const before = processorMs(collector);
    await pause(IDLE_MS);
    const busy = ((processorMs(collector) - before) / IDLE_MS) * 100;
    const memory = kilobytes(`/proc/${collector}/smaps_rollup`, "Pss") / 2 ** 20;
    return {
      what: "open+close, outside every domain",
      unit: "ns",
      figures: times,
      note:
        `${(times.with / times.without).toFixed(2)} x with an audit context; the collector at ` +
        `rest: ${memory.toFixed(0)} MiB (PSS), ${busy.toFixed(2)} % of a processor`,
    };
  } finally {
    await host.stop();
  }
}

async function flood(
  scratch: Scratch,
  program: string,
  folder: string,
  names: number,
): Promise<Row> {
  const rates = { without: 0, with: 0 };
  let note = "";
  for (const collects of [false, true]) {
    progress(`refusals of ${names} names, ${collects ? "with" : "without"} the collector`);
    const policies = new Map([[DOMAIN, policyText(program)]]);
    const host = await OwnHost.start(policies, { collects });
    try {
      const collector = collects ? await host.collector() : null;
      const before = collector === null ? 0 : processorMs(collector);
      const output = scratch.file("refused-output");
      const words = [program, "1", String(FLOOD_MS), String(names), folder];
      const run = host.run(DOMAIN, words, output);
      while (run.exitCode === null && run.signalCode === null) await pause(50);
      const busy = collector === null ? 0 : processorMs(collector) - before;
      const [calls = 0, time = Number.NaN] = fs.readFileSync(output, "utf8").split(" ").map(Number);
      rates[collects ? "with" : "without"] = calls / (time / 1e9);
      if (!collects) continue;
      const told = await accounted(DOMAIN, calls, ACCOUNT_MS_MAX);
      note =
        `${told.lines} lines for ${calls} refusals: ${told.named} told, ${told.folded} counted ` +
        `together, ${told.lost} counted as lost; the collector ` +
        `${Math.round((busy / FLOOD_MS) * 100)} % of a processor`;
    } finally {
      await host.stop();
    }
  }
  const what = names === 1 ? "one name refused" : `${names} names refused`;
  return { what, unit: "1/s", figures: rates, note };
}

function openTime(scratch: Scratch, file: string): number {
  const words = ["open", "5", "20000", file];
  const { stdout } = spawnSync(scratch.program("micro"), words, { encoding: "utf8" });
  return Math.min(...stdout.trim().split("\n").map(Number));
}

function policyText(program: string): string {
  return `summary: benchmark
mediation: sealed
include: [base]
files: [rx ${program}]
inherit: [stdio]
syscalls: ["@system-service"]
`;
}
