import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PUBLIC_FOLDER } from "../../src/base/modes.ts";
import { anything } from "../../src/base/schema.ts";
import type { Event } from "../../src/events/event.ts";
import { readRecords } from "../../src/events/log/read.ts";
import { askAgent, type Method } from "../../src/host/agent-client.ts";
import { isLocked, lockOwner } from "../../src/kernel/file-lock.ts";
import { scratchFolder } from "../support/scratch.ts";

const clone = path.resolve(import.meta.dirname, "../..");
const front = path.join(clone, "bin/cofferdam");
/**
 * The places of Cofferdam's state (test/support/state-folders.ts makes those that the host lacks),
 * and the folder that is mounted over each for processes inside.
 */
const mounted = {
  etc: "/etc/cofferdam",
  run: "/run/cofferdam",
  lib: "/var/lib/cofferdam",
  log: "/var/log/cofferdam",
  machines: "/run/cofferdam-machines",
};
const POLL_MS = 5;
/** An agent that is not there after this time, in milliseconds, does not come. */
const AGENT_MS_MAX = 300_000;

/**
 * The real programs at their real places, on a host of their own: a mount namespace in which
 * Cofferdam's folders are others.
 */
export class PrivateHost {
  readonly folder = scratchFolder("host", { mode: PUBLIC_FOLDER });
  readonly #keeper: ChildProcess;
  #agents: ChildProcess[] = [];
  /** Agents collect the kernel's refusals, and switch the whole host's auditing on for that. */
  collects = false;

  private constructor() {
    for (const name of Object.keys(mounted)) fs.mkdirSync(this.at(name));
    fs.mkdirSync(this.at("etc/domains"));
    const mounts = Object.entries(mounted).map(
      ([name, place]) => `mount --bind ${this.at(name)} ${place}`,
    );
    const script = `${mounts.join(" && ")} && echo ready && exec cat >/dev/null`;
    this.#keeper = spawn("unshare", ["-m", "--propagation", "private", "sh", "-c", script], {
      stdio: ["pipe", "pipe", "inherit"],
    });
  }

  static async start(): Promise<PrivateHost> {
    const host = new PrivateHost();
    await once(host.#keeper.stdout as NodeJS.ReadableStream, "data");
    return host;
  }

  at(name: string): string {
    return path.join(this.folder, name);
  }

  /** In front of a command: it begins there, and keeps its process id. */
  get inside(): string[] {
    return ["nsenter", "-t", String(this.#keeper.pid), "-m", "--"];
  }

  policy(name: string, text: string): void {
    const file = this.at(`etc/domains/${name}.yaml`);
    fs.writeFileSync(`${file}.new`, text);
    fs.renameSync(`${file}.new`, file);
  }

  /** `bin/cofferdam ...`, its standard output; throws when it fails. */
  cofferdam(...args: string[]): string {
    const [program = "", ...rest] = [...this.inside, front, ...args];
    const { status, stdout, stderr } = spawnSync(program, rest, { encoding: "utf8", cwd: "/" });
    if (status !== 0)
      throw new Error(`cofferdam ${args.join(" ")}: status ${status}\n${stdout}${stderr}`);
    return stdout;
  }

  /** The control API, as `cofferdam domain` uses it. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at member by member.
  ask(method: Method, route: string, body?: Record<string, unknown>): Promise<any> {
    return askAgent(anything, method, `/v1${route}`, body, this.at("run/control.sock"));
  }

  /** `cofferdam agent`, not waited for. `bundle`: of another installation. */
  spawnAgent(bundle?: string): ChildProcess {
    const own = bundle === undefined ? [front] : [process.execPath, bundle];
    const options = this.collects ? [] : ["--without-kernel-refusals"];
    const [program = "", ...args] = [...this.inside, ...own, "agent", ...options];
    const messages = fs.openSync(this.at("agent.messages"), "a");
    const agent = spawn(program, args, { stdio: ["ignore", "ignore", messages], cwd: "/" });
    fs.closeSync(messages);
    this.#agents.push(agent);
    return agent;
  }

  /** The same, once it answers. */
  async agent(bundle?: string): Promise<ChildProcess> {
    const agent = this.spawnAgent(bundle);
    const since = Date.now();
    while (!(await this.#answers(agent))) {
      if (agent.exitCode !== null || Date.now() - since > AGENT_MS_MAX)
        throw new Error(`no agent: ${fs.readFileSync(this.at("agent.messages"), "utf8")}`);
      await pause(POLL_MS);
    }
    return agent;
  }

  async #answers(agent: ChildProcess): Promise<boolean> {
    try {
      // An agent that ends may still answer.
      return (await this.ask("GET", "/status")).pid === agent.pid;
    } catch {
      return false;
    }
  }

  async kill(process: ChildProcess): Promise<void> {
    if (process.exitCode !== null || process.signalCode !== null) return;
    const ended = once(process, "exit");
    process.kill("SIGKILL");
    await ended;
    this.#agents = this.#agents.filter((agent) => agent !== process);
  }

  /** Whether a process is one of this host's, by its mount namespace. */
  has(pid: number): boolean {
    const namespaceOf = (one: number | undefined) => fs.readlinkSync(`/proc/${one}/ns/mnt`);
    try {
      return namespaceOf(pid) === namespaceOf(this.#keeper.pid);
    } catch {
      // It has ended.
      return false;
    }
  }

  /** The process id of the shared mediator that serves at the moment, by its lock. */
  mediator(): number | null {
    const inode = fs.statSync(this.at("run/mediator.lock"), { throwIfNoEntry: false })?.ino;
    const locks = fs.readFileSync("/proc/locks", "utf8").split("\n");
    const words = locks
      .map((line) => line.trim().split(/\s+/))
      .find((one) => one[5]?.split(":")[2] === String(inode));
    if (words === undefined) return null;
    // The kernel knows only the first owner of the lock; a stand-by that took over has recorded
    // itself.
    return Number(fs.readFileSync(this.at("run/mediator.lock"), "utf8")) || Number(words[4]);
  }

  events(): readonly Event[] {
    return [...readRecords(this.at("log"))].map(({ event }) => event);
  }

  /** The active one, and each stand-by that takes over from it. */
  async #endMediators(): Promise<void> {
    for (let pid = this.mediator(); pid !== null; pid = this.mediator()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await pause(POLL_MS);
    }
  }

  /** The process id of the collector of the kernel's refusals; null where there is none. */
  collector(): number | null {
    const lock = this.at("run/collector.lock");
    return isLocked(lock) ? lockOwner(lock) : null;
  }

  /** It puts auditing back. */
  async #endCollector(): Promise<void> {
    const pid = this.collector();
    if (pid === null) return;
    process.kill(pid, "SIGTERM");
    while (this.collector() === pid) await pause(POLL_MS);
  }

  async close(): Promise<void> {
    for (const agent of this.#agents) await this.kill(agent);
    await this.#endCollector();
    await this.#endMediators();
    const ended = once(this.#keeper, "close");
    this.#keeper.stdin?.end();
    await ended;
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
