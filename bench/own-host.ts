import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PUBLIC_FOLDER } from "../src/base/modes.ts";
import { anything } from "../src/base/schema.ts";
import { askAgent, isAgentThere, type Method } from "../src/host/agent-client.ts";
import { isLocked, lockOwner } from "../src/kernel/file-lock.ts";
import { endMediators, mountNamespace } from "./end-mediators.ts";
import { cofferdam } from "./scratch.ts";

/** All that Cofferdam keeps of a host. */
const FOLDERS = [
  "/run/cofferdam",
  "/etc/cofferdam",
  "/var/lib/cofferdam",
  "/var/log/cofferdam",
  "/run/cofferdam-machines",
];
const DOMAINS = "/etc/cofferdam/domains";
/** Says to the process below that it is in the mount namespace made for it. */
const MARK = "COFFERDAM_BENCH_OWN_HOST";
/** How long an agent may take to answer for the first time, in milliseconds. */
const START_MS = 120_000;
const STOP_MS = 10_000;

/**
 * Runs this program again in a mount namespace in which the host's folders of Cofferdam are empty
 * ones of its own: neither is an agent that runs here disturbed, nor does it answer in place of the
 * one that is measured. null in that namespace, and for ordinary users; else the exit status.
 */
export function inOwnHost(): number | null {
  if (process.getuid?.() !== 0) return null;
  if (process.env[MARK] !== undefined) {
    for (const folder of FOLDERS)
      execFileSync("mount", ["-t", "tmpfs", "-o", "mode=755", "tmpfs", folder]);
    return null;
  }
  const made = FOLDERS.filter(
    (folder) => fs.mkdirSync(folder, { recursive: true, mode: PUBLIC_FOLDER }) !== undefined,
  );
  const again = [
    "--mount",
    "--propagation",
    "private",
    "--",
    process.execPath,
    ...process.argv.slice(1),
  ];
  const { status } = spawnSync("unshare", again, {
    stdio: "inherit",
    env: { ...process.env, [MARK]: "1" },
  });
  // Only folders that are still empty: another process may have begun to use one.
  for (const folder of made) if (fs.readdirSync(folder).length === 0) fs.rmdirSync(folder);
  return status ?? 1;
}

/** Rows that need {@link OwnHost} can be had by root alone. */
export const hasOwnHost = (): boolean =>
  process.env[MARK] !== undefined && process.getuid?.() === 0;

/**
 * A host with an agent, its shared mediator and the domains given, and nothing of what was there
 * before.
 */
export class OwnHost {
  readonly #agent: ChildProcess;
  readonly #runs: ChildProcess[] = [];
  readonly #errors: string;
  /** From the start of the agent to its first answer, in milliseconds. */
  readonly startMs: number;

  private constructor(agent: ChildProcess, errors: string, startMs: number) {
    this.#agent = agent;
    this.#errors = errors;
    this.startMs = startMs;
  }

  /** `collects`: the agent has the kernel's refusals collected, and auditing switched on. */
  static async start(
    policies: ReadonlyMap<string, string>,
    { collects = false }: { readonly collects?: boolean } = {},
  ): Promise<OwnHost> {
    for (const folder of FOLDERS)
      for (const name of fs.readdirSync(folder))
        fs.rmSync(path.join(folder, name), { recursive: true });
    fs.mkdirSync(DOMAINS);
    for (const [name, text] of policies) fs.writeFileSync(OwnHost.fileOf(name), text);
    const errors = path.join(fs.mkdtempSync("/run/cofferdam/bench-"), "errors");
    const stderr = fs.openSync(errors, "w");
    const begin = performance.now();
    const words = ["agent", ...(collects ? [] : ["--without-kernel-refusals"])];
    const agent = spawn(cofferdam, words, { stdio: ["ignore", "ignore", stderr], cwd: "/" });
    fs.closeSync(stderr);
    while (!(await isAgentThere())) {
      if (agent.exitCode !== null || performance.now() - begin > START_MS)
        throw new Error(`the agent does not start:\n${fs.readFileSync(errors, "utf8")}`);
      await pause(5);
    }
    return new OwnHost(agent, errors, performance.now() - begin);
  }

  static fileOf(domain: string): string {
    return path.join(DOMAINS, `${domain}.yaml`);
  }

  get agent(): number {
    return this.#agent.pid ?? 0;
  }

  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at member by member.
  ask(method: Method, at: string, body?: Readonly<Record<string, unknown>>): Promise<any> {
    return askAgent(anything, method, `/v1${at}`, body);
  }

  async mediator(): Promise<number> {
    for (const since = performance.now(); performance.now() - since < START_MS; await pause(20)) {
      const { mediator } = await this.ask("GET", "/status");
      if (mediator?.pid > 0 && fs.existsSync("/run/cofferdam/mediator.sock")) return mediator.pid;
    }
    throw new Error("there is no shared mediator");
  }

  /** The process that collects the kernel's refusals. */
  async collector(): Promise<number> {
    for (const since = performance.now(); performance.now() - since < START_MS; await pause(20)) {
      const { refusals } = await this.ask("GET", "/status");
      if (refusals?.pid > 0 && fs.existsSync("/run/cofferdam/collector.status"))
        return refusals.pid;
    }
    throw new Error("no collector of the kernel's refusals runs");
  }

  /**
   * Starts a program in a domain, with its output in a file: domains inherit no sockets, which
   * Node's pipes are.
   */
  run(domain: string, command: readonly string[], output: string): ChildProcess {
    const file = fs.openSync(output, "w");
    const child = spawn(cofferdam, ["run", domain, "--", ...command], {
      stdio: ["ignore", file, file],
      cwd: "/",
    });
    fs.closeSync(file);
    this.#runs.push(child);
    return child;
  }

  /** Until the agent and all holders have seen the end of what ran. */
  async idle(): Promise<void> {
    while (fs.readdirSync("/run/cofferdam/runs").length > 0) await pause(10);
  }

  async stop(): Promise<void> {
    for (const run of this.#runs) await end(run, "SIGKILL");
    await end(this.#agent, "SIGTERM");
    await endCollector();
    const namespace = mountNamespace("self");
    if (namespace !== null) await endMediators(namespace);
  }

  /** What the agent said on its standard error. */
  get messages(): string {
    return fs.readFileSync(this.#errors, "utf8");
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await Promise.race([
    ended,
    pause(STOP_MS, undefined, { ref: false }).then(() => child.kill("SIGKILL")),
  ]);
}

/** `key: value kB` lines of a file in /proc, in bytes. */
export function kilobytes(file: string, key: string): number {
  const found = new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(fs.readFileSync(file, "utf8"))?.[1];
  return Number(found ?? 0) * 1024;
}

/**
 * Processor time that a process has had, in milliseconds (proc_pid_stat(5), fields 14 and 15; 100
 * ticks a second).
 */
export function processorMs(pid: number): number {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** It outlives the agent, and puts auditing back when it ends. */
async function endCollector(): Promise<void> {
  const lock = "/run/cofferdam/collector.lock";
  const pid = isLocked(lock) ? lockOwner(lock) : null;
  if (pid !== null) process.kill(pid, "SIGTERM");
  while (isLocked(lock)) await pause(20);
}
