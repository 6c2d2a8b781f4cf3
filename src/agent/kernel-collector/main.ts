/**
 * Entry of dist/kernel-collector.js: one process of root's for the whole host, which the agent
 * keeps alive. It takes no arguments.
 */
import { dirname } from "node:path";
import { readWords } from "../../domains/proc-stat.ts";
import { programStamp } from "../../host/collector-status.ts";
import { ownPlaces } from "../../host/places.ts";
import { makeFolder, modesFor } from "../../host/write-whole.ts";
import { type FileLock, lockFile, lockOwner } from "../../kernel/file-lock.ts";
import { probeHost } from "../../kernel/probe/host-facts.ts";
import { keepHeapSmall } from "../small-heap.ts";
import { KernelCollector } from "./kernel-collector.ts";
import { SUCCESSION_MS } from "./limits.ts";

const STATUS_FAILED = 1;
const log = (text: string): void =>
  void process.stderr.write(`cofferdam: kernel collector: ${text}\n`);

/** One collector at a time: the previous one writes its progress, and ends. */
function takeLock(path: string): FileLock {
  const lock = lockFile(path) ?? succeedOwner(path);
  lock.noteOwner();
  return lock;
}

function succeedOwner(path: string): FileLock {
  const owner = lockOwner(path);
  // The note may be a moment older than the lock.
  if (owner !== null && (readWords(owner) ?? "").includes(process.argv[1] ?? "\n"))
    process.kill(owner, "SIGTERM");
  const lock = lockFile(path, SUCCESSION_MS);
  if (lock === null) throw new Error(`process ${owner ?? "?"} has ${path}, and does not end`);
  return lock;
}

async function main(): Promise<void> {
  const places = ownPlaces();
  let collector: KernelCollector | null = null;
  let isOver = false;
  // Installed before auditing is switched on: a signal in between must not end this process without
  // restoring it.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
    process.on(signal, () => {
      isOver = true;
      collector?.stop();
    });
  keepHeapSmall();
  makeFolder(dirname(places.system.collectorLock), modesFor(0));
  collector = new KernelCollector({
    places,
    program: programStamp(process.argv[1] ?? ""),
    landlockLog: probeHost().features["landlock-log"],
    log,
    takeLock: () => takeLock(places.system.collectorLock),
  });
  // Covers exceptions, too. After SIGKILL the next collector restores auditing.
  process.once("exit", () => collector?.release());
  if (isOver) collector.stop();
  await collector.run();
}

try {
  await main();
  process.exit(0);
} catch (error) {
  log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(STATUS_FAILED);
}
