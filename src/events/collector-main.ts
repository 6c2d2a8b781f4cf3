/**
 * Entry of dist/collector.js: one process per run with --events, started by the front before
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
/** A terminal sends these to the daemon, too: the collector stays until the daemon has ended. */
const sharedSignals = ["SIGINT", "SIGHUP"] as const;
const hostCollectorLock = "/run/cofferdam/collector.lock";

async function main(args: readonly string[]): Promise<number> {
  const [domain, sentinel, target] = args;
  if (domain === undefined || sentinel === undefined || target === undefined || args.length !== 3) {
    process.stderr.write("cofferdam: the collector is started by `cofferdam run --events`\n");
    return STATUS_USAGE;
  }
  // Installed before auditing is switched on: a signal in between must not end this process without
  // restoring it.
  let collector: Collector | null = null;
  process.on("SIGTERM", () => collector?.stop());
  for (const signal of sharedSignals) process.on(signal, () => undefined);
  const plan = decodePlan(readFileSync(sentinel));
  const { number, level, attended } = plan;
  const isLog = leadsToLog(target, plan.mediation.events);
  const isTold = isLog && hostCollects();
  // The search may read all of /proc while the launcher waits; only the kernel's sources need it.
  const launcher = isTold ? null : findLauncher(MEDIATOR_FD);
  const { policy } = plan.mediation;
  const run = { domain, number, level, policy, sentinel, launcher, attended };
  const cgroup: CgroupSource = isTold ? { state: "none" } : openCgroupSource(plan, run);
  const sink = openSink(target, plan.mediation.events);
  const kernel: KernelSource =
    plan.landlock === null || isTold ? { state: "none" } : openKernelSource();
  // Covers exceptions and process.exit, too. After SIGKILL the next collector restores auditing.
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

/** The host's own collector already writes the kernel's refusals of root's domains to the log. */
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
