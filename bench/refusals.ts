import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { readRecords } from "../src/events/log/read.ts";
import { openAuditSocket } from "../src/kernel/audit/socket.ts";
import { NLM_F_ACK, NLM_F_REQUEST } from "../src/kernel/constants.ts";
import { close, syscall } from "../src/kernel/ffi.ts";
import { nlmsghdr } from "../src/kernel/structs.ts";
import { hasOwnHost, kilobytes, OwnHost, processorMs } from "./own-host.ts";
import { progress } from "./progress.ts";
import type { Scratch } from "./scratch.ts";
import { type Row, rootOnly } from "./table.ts";

const LOG = "/var/log/cofferdam";
const DOMAIN = "bench-refusals";
const FLOOD_MS = 3_000;
const IDLE_MS = 5_000;
/** What was counted is written by then. */
const ACCOUNT_MS_MAX = 30_000;
const NAMES = [1, 5_000];
const ROUNDS = 3;
/** linux/audit.h: the rule `-a never,task`, by which no process gets an audit context. */
const AUDIT_ADD_RULE = 1011;
const AUDIT_DEL_RULE = 1012;
const RULE = { filterTask: 1, words: 260 } as const;

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
      changeTaskRule(AUDIT_ADD_RULE);
      try {
        times.without = Math.min(times.without, openTime(scratch, file));
      } finally {
        changeTaskRule(AUDIT_DEL_RULE);
      }
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
      const told = await accounted(calls);
      note =
        `${told.lines} lines for ${calls} refusals: ${told.named} told, ${told.folded} counted ` +
        `together, ${told.lost} counted as lost; the collector ${Math.round((busy / FLOOD_MS) * 100)} % of a processor`;
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

async function accounted(calls: number) {
  for (const since = performance.now(); ; await pause(200)) {
    const told = counted();
    const all = told.named + told.folded + told.lost;
    if (all >= calls || performance.now() - since > ACCOUNT_MS_MAX) return told;
  }
}

function counted() {
  const told = { lines: 0, named: 0, folded: 0, lost: 0 };
  for (const { event } of readRecords(LOG)) {
    if (event.domain !== DOMAIN) continue;
    told.lines += 1;
    if (event.class === "name") told.named += event.count;
    else if (event.operation === "folded") told.folded += event.count;
    else if (event.operation === "lost") told.lost += event.count;
  }
  return told;
}

function changeTaskRule(type: number): void {
  const rule = Buffer.alloc(4 * RULE.words);
  rule.writeUInt32LE(RULE.filterTask, 0);
  rule.fill(0xff, 12, 12 + 4 * 64);
  const length = nlmsghdr.size + rule.length;
  const header = nlmsghdr.encode({
    nlmsg_len: length,
    nlmsg_type: type,
    nlmsg_flags: NLM_F_REQUEST | NLM_F_ACK,
    nlmsg_seq: 1,
  });
  const socket = openAuditSocket();
  try {
    const message = Buffer.concat([header, rule]);
    syscall("sendto", socket, message, message.length, 0, null, 0);
    const answer = Buffer.alloc(4_096);
    syscall("recvfrom", socket, answer, answer.length, 0, null, null);
    const error = answer.readInt32LE(nlmsghdr.size);
    if (error !== 0) throw new Error(`audit rule: error ${-error}`);
  } finally {
    close(socket);
  }
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
