import * as fs from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { Event } from "../src/events/event.ts";
import { openEventLog } from "../src/events/log/event-log.ts";
import { accounted } from "./accounted.ts";
import { hasOwnHost, kilobytes, OwnHost } from "./own-host.ts";
import { progress } from "./progress.ts";
import type { Scratch } from "./scratch.ts";
import { type Row, rootOnly } from "./table.ts";

/** Design: events a second, sustained. */
const BUDGET = 50_000;
const FLOOD_MS = 5_000;
/** A mediator passes on what it counted every five seconds. */
const ACCOUNT_MS_MAX = 10_000;
const THREADS = 2;
/** More than the mediator tells by name, and more than it remembers. */
const NAMES = 5_000;
/** Records written one by one, and in batches as a collector does. */
const RECORDS = 20_000;
const BATCH = 256;

/**
 * Calls outside a supervised domain, through the shared mediator into the event log; and the log
 * alone.
 */
export async function eventRates(scratch: Scratch): Promise<Row[]> {
  const alone = logAlone(scratch);
  if (!hasOwnHost()) return [rootOnly("events of a domain", "1/s"), ...alone];
  const flood = scratch.program("flood");
  const folder = scratch.file("flooded");
  fs.mkdirSync(folder);
  for (let i = 0; i < NAMES; i++) fs.writeFileSync(`${folder}/file-${i}`, "");
  const rows: Row[] = [];
  for (const level of ["warning", "enforcing"]) {
    for (const names of [1, NAMES]) {
      progress(`events at ${level}, ${names} names`);
      rows.push(await flooded(scratch, { flood, folder, level, names }));
    }
  }
  return [...rows, ...alone];
}

interface Flood {
  readonly flood: string;
  readonly folder: string;
  readonly level: string;
  readonly names: number;
}

async function flooded(scratch: Scratch, { flood, folder, level, names }: Flood): Promise<Row> {
  const domain = "bench-events";
  const host = await OwnHost.start(new Map([[domain, policyText(flood, level)]]));
  try {
    const mediator = await host.mediator();
    const before = kilobytes(`/proc/${mediator}/smaps_rollup`, "Pss");
    const output = scratch.file("flood-output");
    const run = host.run(
      domain,
      [flood, String(THREADS), String(FLOOD_MS), String(names), folder],
      output,
    );
    let most = before;
    while (run.exitCode === null && run.signalCode === null) {
      most = Math.max(most, kilobytes(`/proc/${mediator}/smaps_rollup`, "Pss"));
      await pause(200);
    }
    await host.idle();
    const [calls = 0, nanoseconds = Number.NaN] = fs
      .readFileSync(output, "utf8")
      .split(" ")
      .map(Number);
    const rate = calls / (nanoseconds / 1e9);
    const told = await accounted(domain, calls, ACCOUNT_MS_MAX);
    const figures = { rate, lines: told.lines, MiB: (most - before) / 2 ** 20 };
    // Counted in a line of its own, not dropped: events beyond the first thousand different ones in
    // five seconds.
    const lost = calls - told.named - told.folded;
    const note =
      `budget ${BUDGET}: ${rate >= BUDGET ? "met" : "MISSED"}; ${told.folded} ` +
      `counted together, ${lost} of ${calls} lost`;
    return {
      what: `${level}, ${names === 1 ? "one name" : `${names} names`}`,
      unit: "1/s",
      figures,
      note,
    };
  } finally {
    await host.stop();
  }
}

/** The log's own pace: no call is involved, and every event is a line of the chain. */
function logAlone(scratch: Scratch): Row[] {
  progress(`${RECORDS} records into a log`);
  return [1, BATCH].map((batch) => {
    const log = openEventLog(scratch.file(`log-${batch}`));
    const begin = performance.now();
    for (let i = 0; i < RECORDS; i += batch)
      log.appendAll(Array.from({ length: batch }, (_, k) => anEvent(i + k)));
    const rate = RECORDS / ((performance.now() - begin) / 1000);
    const lost = log.close();
    const what = batch === 1 ? "the log alone, one by one" : `the log alone, ${batch} at once`;
    return {
      what,
      unit: "1/s",
      figures: { rate, lines: RECORDS },
      note: lost === 0 ? "" : `${lost} lost`,
    };
  });
}

function anEvent(i: number): Event {
  return {
    v: 1,
    id: String(i),
    time: new Date().toISOString(),
    monotonic: String(process.hrtime.bigint()),
    domain: "bench",
    number: 1,
    level: "warning",
    engine: "landlock",
    source: "broker",
    verdict: "warning",
    count: 1,
    class: "name",
    operation: "read",
    object: `/srv/folder/file-${i}`,
    request: { class: "name", operation: "read", path: `/srv/folder/file-${i}` },
    process: { pid: 1, uid: 0, comm: "daemon", executable: "/usr/bin/daemon" },
    rule: null,
    reason: "no-rule",
    allow: { section: "files", line: `r /srv/folder/file-${i}` },
  };
}

function policyText(flood: string, level: string): string {
  return `summary: benchmark
level: ${level}
mediation: supervised
include: [base]
files: [rx ${flood}]
inherit: [stdio]
syscalls: ["@system-service"]
`;
}
