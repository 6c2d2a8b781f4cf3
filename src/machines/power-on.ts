import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { listRuns } from "../domains/runs.ts";
import { ExitCode } from "../host/exit-code.ts";
import { HostError } from "../host/host-error.ts";
import { launcherOf, type Places } from "../host/places.ts";
import { makeFolder, modesFor } from "../host/write-whole.ts";
import { type FileLock, lockFile } from "../kernel/file-lock.ts";
import { killChild } from "../kernel/kill-child.ts";
import { lockMachine } from "./change.ts";
import type { Description } from "./description.ts";
import { endRest } from "./end-rest.ts";
import { domainOf, forgetMachine, writeMachine, writePolicy } from "./machine.ts";
import { MonitorSocket } from "./monitor-socket.ts";
import { prepare, type Wanted } from "./prepare.ts";
import { serveMonitor } from "./proxy/serve.ts";
import { writeAccepted } from "./record.ts";

const forwarded = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
/**
 * Time for a machine without a monitor to exit by itself, then again after SIGTERM, milliseconds.
 */
const UNMANAGED_MS = 2_000;
const SIGNALLED = 128;

/**
 * Starts the machine in a domain of its own, waits until it is off, and returns the emulator's exit
 * status. The domain exists before the emulator starts and is removed after it.
 * @throws HostError if the machine cannot be started
 */
export async function powerOn(places: Places, wanted: Wanted): Promise<number> {
  const { machines } = places.system;
  const domain = domainOf(wanted.name);
  const lock = lockOff(places, wanted.name);
  try {
    const { machine, description, policy, accepted, owner } = prepare(places, wanted);
    writeAccepted(machines.accepted, wanted.name, accepted);
    writePolicy(machines, wanted.name, policy);
    const monitor = await MonitorSocket.listen(machines, wanted.name, owner);
    try {
      writeMachine(machines, machine);
      const { monitors } = description;
      const command = [
        machine.program,
        ...emulatorArguments(description, wanted.args, monitor.path),
      ];
      const emulator = spawn(launcherOf(places), ["run", domain, "--", ...command], {
        stdio: "inherit",
        cwd: wanted.folder,
      });
      const served = monitor.connection.then(async (socket) => {
        socket.once("close", () => void endUnmanaged(wanted.name, emulator));
        await serveMonitor({ places, machine, monitors, owner, emulator: socket });
      });
      return await endOf(domain, emulator, served);
    } finally {
      monitor.close();
    }
  } finally {
    const change = await lockMachine(places, wanted.name);
    forgetMachine(machines, wanted.name);
    change.release();
    lock.release();
  }
}

/** Keeps the machine off until the lock is released. @throws HostError if it is on */
export function lockOff(places: Places, name: string): FileLock {
  const { machines, runs } = places.system;
  makeFolder(machines.running, modesFor(0));
  const lock = lockFile(join(machines.running, `.${name}.lock`));
  if (lock !== null && !listRuns(runs).some((run) => run.domain === domainOf(name))) return lock;
  lock?.release();
  throw new HostError(`machine ${name} is on`, `cofferdam vm show ${name}`, ExitCode.no);
}

/**
 * The emulator gets the arguments without its QMP sockets, which the proxy serves, and with a
 * connection to the proxy.
 */
function emulatorArguments(
  { monitors }: Description,
  args: readonly string[],
  socket: string,
): readonly string[] {
  // Arguments count from 1; the program is 0.
  const own = args.filter(
    (_, at) => !monitors.some((one) => at + 1 >= one.argumentsFrom && at + 1 < one.argumentsTo),
  );
  const chardev = `socket,id=cofferdam-monitor,path=${socket.replaceAll(",", ",,")},server=off`;
  return [...own, "-chardev", chardev, "-mon", "chardev=cofferdam-monitor,mode=control"];
}

/**
 * Ends a machine that has closed its monitor and goes on: nothing can be taken from it any more,
 * because the proxy cannot tell it anything. A machine that is being switched off closes its
 * monitor last, so it gets some time.
 */
async function endUnmanaged(name: string, emulator: ChildProcess): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await pause(UNMANAGED_MS, null, { ref: false });
    if (emulator.exitCode !== null || emulator.signalCode !== null) return;
    process.stderr.write(
      `cofferdam: machine ${name} has closed its monitor and goes on: ended by ${signal}\n`,
    );
    killChild(emulator, signal);
  }
}

/**
 * Waits for the emulator. If the proxy fails (`served`), the machine is ended, because it was
 * requested with a monitor.
 */
async function endOf(
  domain: string,
  emulator: ChildProcess,
  served: Promise<void>,
): Promise<number> {
  const failures: unknown[] = [];
  served.catch((error: unknown) => {
    failures.push(error);
    killChild(emulator);
  });
  const handlers = forwarded.map((signal) => ({ signal, pass: () => killChild(emulator, signal) }));
  for (const { signal, pass } of handlers) process.on(signal, pass);
  try {
    const status = await new Promise<number>((resolve, reject) => {
      emulator.once("error", reject);
      emulator.once("exit", (status, signal) =>
        resolve(status ?? SIGNALLED + (signal === null ? 0 : constants.signals[signal])),
      );
    });
    for (const failure of failures) throw failure;
    return status;
  } finally {
    for (const { signal, pass } of handlers) process.off(signal, pass);
    if (emulator.pid !== undefined) endRest(domain, emulator.pid);
  }
}
