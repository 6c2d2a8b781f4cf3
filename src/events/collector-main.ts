/**
 * Entry of dist/collector.js: one process for each run with --events, started by the front before
 * anything else. Arguments: domain, plan file (the sentinel), FILE or `-`. Descriptor 3: the pipe
 * that the mediator writes to; 4: one byte when ready.
 */
import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import { close, write } from "../kernel/ffi.ts";
import { isLocked } from "../kernel/file-lock.ts";
import { decodePlan } from "../plan/decode.ts";
import { type CgroupSource, openCgroupSource } from "./collector/cgroup-source.ts";
import { Collector } from "./collector/collector.ts";
import { type KernelSource, openKernelSource } from "./collector/kernel-source.ts";
import { findLauncher } from "./collector/launcher.ts";
import { leadsToLog, openSink } from "./collector/sink.ts";

const MEDIATOR_FD = 3;
const READY_FD = 4;
const STATUS_FAILED = 1;
const STATUS_USAGE = 2;
/**
 * A terminal sends these to the daemon, too: the collector stays until the daemon has ended in its
 * own way.
 */
const sharedSignals = ["SIGINT", "SIGHUP"] as const;
const stateDirectory = "/run/cofferdam/audit";
const hostCollectorLock = "/run/cofferdam/collector.lock";

async function main(args: readonly string[]): Promise<number> {
  const [domain, sentinel, target] = args;
  if (domain === undefined || sentinel === undefined || target === undefined || args.length !== 3) {
    process.stderr.write("cofferdam: the collector is started by `cofferdam run --events`\n");
    return STATUS_USAGE;
  }
  // Before auditing is switched on: a signal in between must not end this process without putting
  // it back.
  let collector: Collector | null = null;
  process.on("SIGTERM", () => collector?.stop());
  for (const signal of sharedSignals) process.on(signal, () => undefined);
  const launcher = findLauncher(MEDIATOR_FD);
  const plan = decodePlan(readFileSync(sentinel));
  const { number, level, attended } = plan;
  const run = { domain, number, level, sentinel, launcher, attended };
  const isLog = leadsToLog(target, plan.mediation.events);
  const isTold = isLog && hostCollects();
  const cgroup: CgroupSource = isTold ? { state: "none" } : openCgroupSource(plan, run);
  const sink = openSink(target, plan.mediation.events);
  const kernel: KernelSource =
    plan.landlock === null || isTold ? { state: "none" } : openKernelSource(stateDirectory);
  // Covers exceptions and process.exit, too; only SIGKILL leaves it to the next collector.
  if (kernel.state === "reading") process.once("exit", () => leaveKernel(kernel));
  collector = new Collector(run, sink, kernel, cgroup, isLog);
  // Not a file stream: its reads block threads that would have to end before the process can.
  const pipe = new Socket({ fd: MEDIATOR_FD, readable: true, writable: false });
  pipe.on("data", (chunk) => collector.fromMediator(chunk));
  pipe.on("close", () => collector.mediatorGone());
  pipe.on("error", (error) =>
    process.stderr.write(`cofferdam: the mediator's events cannot be read: ${error.message}\n`),
  );
  const done = collector.collect();
  write(READY_FD, Buffer.from("\n"));
  close(READY_FD);
  await done;
  return 0;
}

/** The host's own collector writes root's refusals by the kernel to the log already. */
function hostCollects(): boolean {
  return process.geteuid?.() === 0 && isLocked(hostCollectorLock);
}

function leaveKernel(kernel: Extract<KernelSource, { state: "reading" }>): void {
  try {
    kernel.release();
  } finally {
    kernel.stop();
  }
}

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(
    `cofferdam: the collector failed: ${error instanceof Error ? error.message : error}\n`,
  );
  process.exit(STATUS_FAILED);
}
