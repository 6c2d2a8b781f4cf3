import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readRunRecord } from "../../../src/domains/runs.ts";
import { type AgentStatus, agentStatus } from "../../../src/host/agent-answers.ts";
import { askAgentIfThere } from "../../../src/host/agent-client.ts";
import { systemPlaces } from "../../../src/host/places.ts";
import { root } from "../../house/tree.ts";
import { activeOf, endMediators } from "../../mediate/mediators.ts";

const POLL_MS = 20;
const front = join(root, "bin/cofferdam");
const system = systemPlaces();

export const askAgent = (): Promise<AgentStatus | null> =>
  askAgentIfThere(agentStatus, "/v1/status", system.control);

/** The host's agent with its mediator, started for a test; the host must have none. */
export class HostAgent {
  readonly #child: ChildProcess;

  private constructor() {
    this.#child = spawn(front, ["agent", "--without-kernel-refusals"], {
      stdio: "ignore",
      cwd: "/",
    });
  }

  static async start(): Promise<HostAgent> {
    const agent = new HostAgent();
    for (;;) {
      const status = await askAgent();
      if ((status?.mediator?.pid ?? 0) !== 0) return agent;
      if (agent.#child.exitCode !== null) throw new Error("the agent ended");
      await sleep(POLL_MS);
    }
  }

  /** The active one, which may have been another before. */
  get mediator(): number {
    return activeOf(system.mediatorSocket);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The mediator and its stand-by outlive their agent: they are ended too. */
  async stop(): Promise<void> {
    const ended = once(this.#child, "close");
    this.#child.kill("SIGTERM");
    await ended;
    await endMediators(system.mediatorSocket);
  }
}

/** The line that starts a program in the domain of a policy. */
export function startLine(
  policy: string,
  program: readonly string[],
  ...options: string[]
): [string, string[]] {
  return [front, ["run", ...options, "--policy", policy, "--", ...program]];
}

/** The holder of a daemon, by its record; it is made before the daemon is there. */
export function holderOf(daemon: number): number {
  return readRunRecord(system.runs, daemon)?.holder ?? 0;
}

/** Which of Cofferdam's programs a process runs on node. */
export function programOf(pid: number): string | null {
  const script = ifThere(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"))?.split("\0")[1] ?? "";
  const folder = join(root, "dist/");
  return script.startsWith(folder) ? script.slice(folder.length) : null;
}

function ifThere<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}

/** The first process that runs this program of Cofferdam's, with this first argument if any. */
export async function waitForProgram(program: string, argument?: string): Promise<number> {
  for (;;) {
    const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
    const found = pids.find(
      (pid) =>
        programOf(pid) === program && (argument === undefined || argumentOf(pid) === argument),
    );
    if (found !== undefined) return found;
    await sleep(POLL_MS);
  }
}

function argumentOf(pid: number): string | undefined {
  return ifThere(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"))?.split("\0")[2];
}

/** The worker of a mediator, which does what may wait. */
export async function workerOf(mediator: number): Promise<number> {
  for (;;) {
    const children = readFileSync(`/proc/${mediator}/task/${mediator}/children`, "utf8")
      .split(" ")
      .filter(Boolean);
    const worker = children.find(
      (pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[2] === "worker",
    );
    if (worker !== undefined) return Number(worker);
    await sleep(POLL_MS);
  }
}

/** The descriptor by which a process holds a filter's listener, or else some file. */
export function listenerOf(pid: number): number {
  const links = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    const link = ifThere(() => readlinkSync(`/proc/${pid}/fd/${fd}`));
    return link === null ? [] : [{ fd: Number(fd), link }];
  });
  const listener = links.find(({ link }) => link === "anon_inode:seccomp notify");
  return (listener ?? links.find(({ link }) => link.startsWith("/")))?.fd ?? 0;
}

/** Some address that is mapped in a process. */
export function addressIn(pid: number): number {
  return Number.parseInt(readFileSync(`/proc/${pid}/maps`, "latin1").split("-")[0] ?? "", 16);
}
