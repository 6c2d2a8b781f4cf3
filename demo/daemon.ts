import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** From the start of a daemon to its `ready`, in milliseconds; the first start compiles the plan. */
const READY_WAIT_MS = 20_000;
/** From SIGTERM to the daemon's end, in milliseconds. */
const STOP_WAIT_MS = 5_000;
/** One request, in milliseconds. */
const REQUEST_WAIT_MS = 5_000;

export interface Daemon {
  readonly pid: number;
  /** The answer's text; a dead server is an error. */
  ask(request: string): Promise<string>;
  /** Sends SIGTERM and says how it ended: `status 0`, `signal SIGKILL`. */
  stop(): Promise<string>;
}

/** Starts a server that prints `ready`. @throws Error with what it printed when it ends or stays silent instead */
export async function startDaemon(command: readonly string[], port: number): Promise<Daemon> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    // Node would otherwise ask for io_uring, which no domain has.
    env: { ...process.env, UV_USE_IO_URING: "0" },
  });
  await ready(child);
  return {
    pid: child.pid ?? 0,
    ask: async (request) => {
      const response = await fetch(`http://127.0.0.1:${port}${request}`, {
        signal: AbortSignal.timeout(REQUEST_WAIT_MS),
      });
      return await response.text();
    },
    stop: () => stop(child),
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let printed = "";
    const fail = (what: string) => reject(new Error(`the server ${what}\n${printed}`));
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail(`did not start within ${READY_WAIT_MS} ms`);
    }, READY_WAIT_MS);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (data: Buffer) => {
        printed += data.toString();
        if (!printed.includes("ready\n")) return;
        clearTimeout(timer);
        resolve();
      });
    }
    child.once("error", (error) => fail(`did not start: ${error.message}`));
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      fail(`ended before it was ready (${signal ?? `status ${code}`})`);
    });
  });
}

async function stop(child: ChildProcess): Promise<string> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, "exit");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_WAIT_MS);
    child.kill("SIGTERM");
    await exited;
    clearTimeout(timer);
  }
  return child.signalCode ? `signal ${child.signalCode}` : `status ${child.exitCode}`;
}
