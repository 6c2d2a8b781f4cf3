import * as fs from "node:fs";
import * as path from "node:path";
import { Acceptor } from "./acceptor.ts";
import { progress } from "./progress.ts";
import { inTurns, type Settings, type Work } from "./rounds.ts";
import { cofferdam, installed, type Scratch } from "./scratch.ts";
import { type Row, verdict } from "./table.ts";

interface Operation extends Work {
  readonly what: string;
  /** Ratio to the bare C program that the design allows. */
  readonly budget: number | null;
}

/** Design: what the mediator does costs so much of what a C broker takes that does the same. */
const BROKERED_BUDGET = 1.5;
/** Processes started for each setting and operation, in turns. */
const TURNS = 5;

/**
 * Nanoseconds an operation: without anything, under the bare C program, sealed, under bwrap, and
 * sealed with brokered late names.
 */
export async function operationTimes(scratch: Scratch): Promise<Row[]> {
  const deep = scratch.file("d/1/2/3/4/5/6/7/8");
  const writable = scratch.file("w");
  fs.mkdirSync(deep, { recursive: true });
  fs.mkdirSync(writable);
  const [shallowFile, deepFile] = [scratch.file("shallow"), path.join(deep, "file")];
  for (const file of [shallowFile, deepFile]) fs.writeFileSync(file, "x");
  const server = await Acceptor.start(scratch);
  const { port } = server;
  const { policy, rules, filter } = scratch.domain(
    "operations",
    operationsPolicy(scratch, writable, port),
  );
  const micro = scratch.file("micro");
  const { policy: folderOnly, filter: folderOnlyFilter } = scratch.domain(
    "folder-only",
    folderOnlyPolicy(scratch, writable),
  );
  const { policy: lateNames } = scratch.domain(
    "late-names",
    `${operationsPolicy(scratch, writable, port)}late-names: brokered\n`,
  );
  const filterOf: Readonly<Record<string, string>> = {
    [policy]: filter,
    [folderOnly]: folderOnlyFilter,
  };
  const supervisor = scratch.program("supervisor");
  const under = (domain: string): Record<string, readonly string[]> => ({
    nothing: [micro],
    // No mediator would answer its notifications: only for calls that are not notified.
    ...(domain === policy ? { bare: [scratch.file("bare"), rules, filter, "--", micro] } : {}),
    sealed: [cofferdam, "run", "--policy", domain, "--", micro],
    ...(installed("bwrap") ? { bwrap: ["bwrap", "--dev-bind", "/", "/", micro] } : {}),
  });
  const operations: Operation[] = [
    {
      what: "open+close, depth 3",
      operation: "open",
      argument: shallowFile,
      perRound: 20_000,
      budget: 1.05,
    },
    {
      what: "open+close, depth 12",
      operation: "open",
      argument: deepFile,
      perRound: 20_000,
      budget: 1.05,
    },
    {
      what: "connect+close, loopback",
      operation: "connect",
      argument: String(port),
      perRound: 500,
      budget: 1.05,
    },
    {
      what: "fork+exec of true",
      operation: "exec",
      argument: "/usr/bin/true",
      perRound: 50,
      budget: 1.05,
    },
    {
      what: "pipe, there and back",
      operation: "pipe",
      argument: "-",
      perRound: 5_000,
      budget: 1.05,
    },
  ];
  const created = path.join(writable, "n");
  const creations: (readonly [string, string, string])[] = [
    ["create+unlink in a granted folder", folderOnly, created],
    ["the same, beside a grant of one name", policy, created],
    ["create+unlink of that one name", policy, scratch.file("exact")],
  ];
  try {
    const rows: Row[] = [];
    for (const operation of operations) {
      const opens = operation.operation === "open";
      const notified = [cofferdam, "run", "--policy", lateNames, "--", micro];
      const settings = { ...under(policy), ...(opens ? { "late names": notified } : {}) };
      rows.push(await measure(scratch, operation, settings));
    }
    for (const [what, domain, argument] of creations) {
      const { bare: _, ...settings } = under(domain);
      // With the sealed domain's own filter, so that it is asked about the same creations.
      const broker = [supervisor, "broker", filterOf[domain] ?? "", "--", micro];
      const work = { what, operation: "create", argument, perRound: 500, budget: null };
      const row = await measure(scratch, work, { ...settings, "C broker": broker });
      const ratio = (row.figures.sealed ?? 0) / (row.figures["C broker"] ?? 0);
      const isBrokered = domain === policy;
      rows.push(isBrokered ? { ...row, note: verdict(ratio, "C broker", BROKERED_BUDGET) } : row);
    }
    return rows;
  } finally {
    server.close();
  }
}

async function measure(scratch: Scratch, operation: Operation, settings: Settings): Promise<Row> {
  progress(operation.what);
  const figures = await inTurns(scratch, operation, settings, TURNS);
  const note =
    operation.budget === null || !figures.bare || !figures.sealed
      ? ""
      : verdict(figures.sealed / figures.bare, "bare", operation.budget);
  return { what: operation.what, unit: "ns", figures, note };
}

function operationsPolicy(scratch: Scratch, writable: string, port: number): string {
  return `summary: benchmark
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

/** No single name may be created here, so that the kernel alone decides on creation. */
function folderOnlyPolicy(scratch: Scratch, writable: string): string {
  return `summary: benchmark
include: [base]
files:
  - rx ${scratch.file("micro")}
  - rwcd ${writable}/**
syscalls: ["@system-service"]
inherit: [stdio]
`;
}
