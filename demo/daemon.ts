import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * From the start of a daemon to its first answer, in milliseconds; the first start compiles the
 * plan.
 */
const READY_WAIT_MS = 120_000;
const POLL_MS = 50;
/** From SIGTERM to the daemon's end, in milliseconds. */
const STOP_WAIT_MS = 30_000;
/** One request on an emulated machine, in milliseconds. */
const REQUEST_WAIT_MS = 60_000;

export interface Daemon {
  /** The process that was started: with `cofferdam run` it becomes the server. */
  readonly pid: number;
  /** The answer's text; a dead server is an error. */
  ask(request: string): Promise<string>;
  /** Sends SIGTERM and says how it ended: `status 0`, `signal SIGKILL`. */
  stop(): Promise<string>;
}

/**
 * Starts a server and waits until it answers. What it prints goes to the file `log`: Node would
 * give it sockets for pipes, and a domain keeps sockets only where its policy says so.
 * @throws Error with what it printed when it ends or stays silent instead
 */
export async function startDaemon(
  command: readonly string[],
  port: number,
  log: string,
): Promise<Daemon> {
  const [program = "", ...args] = command;
  const output = openSync(log, "w");
  const child = spawn(program, args, {
    stdio: ["ignore", output, output],
    // Node would otherwise ask for io_uring, which no domain has.
    env: { ...process.env, UV_USE_IO_URING: "0" },
  });
  closeSync(output);
  let end: string | null = null;
  child.once("error", (error) => {
    end = error.message;
  });
  child.once("exit", (code, signal) => {
    end = signal ? `signal ${signal}` : `status ${code}`;
  });

  const ask = async (request: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${request}`, {
      signal: AbortSignal.timeout(REQUEST_WAIT_MS),
    });
    return await response.text();
  };
  const stop = async () => {
    if (end !== null) return end;
    const exited = once(child, "exit");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_WAIT_MS);
    child.kill("SIGTERM");
    await exited;
    clearTimeout(timer);
    return end ?? "unknown";
  };

  try {
    for (let waited = 0; waited < READY_WAIT_MS && end === null; waited += POLL_MS) {
      if (await answers(ask)) return { pid: child.pid ?? 0, ask, stop };
      await sleep(POLL_MS);
    }
  } catch (error) {
    // A server left behind would keep this program from ending.
    await stop();
    throw error;
  }
  const how = await stop();
  throw new Error(
    `the server gave no answer and ended with ${how}; it printed:\n${readFileSync(log, "utf8")}`,
  );
}

async function answers(ask: Daemon["ask"]): Promise<boolean> {
  try {
    await ask("/");
    return true;
  } catch (error) {
    // fetch wraps the error of the connection; until the server listens, the demonstration waits
    // for that.
    if (error instanceof TypeError) return false;
    throw error;
  }
}
