import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { cofferdam, installed, median, type Scratch } from "./scratch.ts";
import { against, type Row } from "./table.ts";

interface Operation {
  readonly what: string;
  readonly operation: string;
  readonly argument: string;
  readonly perRound: number;
  /** Ratio to the bare C program that the design allows. */
  readonly budget: number | null;
}

/** Processes started for each setting and operation, in turns; each reports the median of its own rounds. */
const TURNS = 5;
const ROUNDS_A_PROCESS = 7;

/** Nanoseconds an operation: without anything, under the bare C program, sealed, under bwrap. */
export async function operationTimes(scratch: Scratch): Promise<Row[]> {
  const deep = scratch.file("d/1/2/3/4/5/6/7/8");
  const writable = scratch.file("w");
  fs.mkdirSync(deep, { recursive: true });
  fs.mkdirSync(writable);
  const [shallowFile, deepFile] = [scratch.file("shallow"), path.join(deep, "file")];
  for (const file of [shallowFile, deepFile]) fs.writeFileSync(file, "x");
  const server = net.createServer((socket) => socket.on("error", () => socket.destroy()).end());
  const port = await listening(server);
  const { policy, rules, filter } = scratch.domain("operations", operationsPolicy(scratch, writable, port));
  const micro = scratch.file("micro");
  const settings: Record<string, readonly string[]> = {
    nothing: [micro],
    bare: [scratch.file("bare"), rules, filter, "--", micro],
    sealed: [cofferdam, "run", "--policy", policy, "--", micro],
  };
  if (installed("bwrap")) settings.bwrap = ["bwrap", "--dev-bind", "/", "/", micro];
  const operations: Operation[] = [
    { what: "open+close, depth 3", operation: "open", argument: shallowFile, perRound: 20_000, budget: 1.05 },
    { what: "open+close, depth 12", operation: "open", argument: deepFile, perRound: 20_000, budget: 1.05 },
    { what: "connect+close, loopback", operation: "connect", argument: String(port), perRound: 500, budget: 1.05 },
    { what: "fork+exec of true", operation: "exec", argument: "/usr/bin/true", perRound: 50, budget: 1.05 },
    { what: "pipe, there and back", operation: "pipe", argument: "-", perRound: 5_000, budget: 1.05 },
    { what: "create+unlink, Landlock's own", operation: "create", argument: path.join(writable, "n"), perRound: 2_000, budget: null },
    { what: "create+unlink, brokered name", operation: "create", argument: scratch.file("exact"), perRound: 500, budget: null },
  ];
  try {
    const rows: Row[] = [];
    for (const operation of operations) rows.push(await measure(operation, settings));
    return rows;
  } finally {
    server.close();
  }
}

async function measure(operation: Operation, settings: Record<string, readonly string[]>): Promise<Row> {
  const results: Record<string, number[]> = {};
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [name, [command = "", ...args]] of Object.entries(settings)) {
      // The bare program has nobody to answer notifications: brokered calls are not its business.
      if (name === "bare" && operation.operation === "create") continue;
      const rounds = await output(spawn(command, [...args, operation.operation, String(ROUNDS_A_PROCESS), String(operation.perRound), operation.argument], { stdio: ["ignore", "pipe", "inherit"] }));
      results[name] = [...(results[name] ?? []), median(rounds)];
    }
  }
  const figures = Object.fromEntries(Object.keys(settings).map((name) => [name, results[name] ? Math.min(...results[name]) : null]));
  const note = operation.budget === null || !figures.bare || !figures.sealed ? "" : against(figures.sealed, figures.bare, "bare", operation.budget);
  return { what: operation.what, unit: "ns", figures, note };
}

function output(child: ChildProcess): Promise<number[]> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.once("close", (status) => (status === 0 ? resolve(text.trim().split("\n").map(Number)) : reject(new Error(`${child.spawnargs.join(" ")} ended with ${status}`))));
  });
}

function listening(server: net.Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", 4096, () => resolve((server.address() as net.AddressInfo).port)));
}

function operationsPolicy(scratch: Scratch, writable: string, port: number): string {
  return `domain: operations
summary: benchmark
include: [base]
files:
  - rx ${scratch.file("micro")} /usr/bin/true
  - r ${scratch.file("shallow")} ${scratch.file("d")}/**
  - rwcd ${writable}/**
  - rwcd ${scratch.file("exact")}
network: [connect tcp ${port}]
syscalls: ["@system-service"]
inherit: [stdio]
`;
}

/** For callers that want the machine in their report. */
export function machine(): string {
  const model = /^model name\s*: (.*)$/m.exec(fs.readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "unknown processor";
  return `${model}, ${execFileSync("nproc", { encoding: "utf8" }).trim()} cores, Linux ${execFileSync("uname", ["-r"], { encoding: "utf8" }).trim()}, Node ${process.version}`;
}
