import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Event } from "../../src/events/event.ts";
import type { PrivateHost } from "./private-host.ts";
import { policyArguments, type Way } from "./way.ts";

const front = path.resolve(import.meta.dirname, "../../bin/cofferdam");

/**
 * How long a daemon may take to begin or to end, and the collector to write the last event, in
 * milliseconds.
 */
const PATIENCE_MS = 60_000;
const POLL_MS = 20;

export interface Recipe {
  /** Folder of the test; output and events are written there. */
  readonly folder: string;
  readonly command: readonly string[];
  /** Null: unconfined, to show that what the domain refuses works without it. */
  readonly domain: {
    readonly name: string;
    readonly set: Readonly<Record<string, string>>;
    /** As shipped where it is left out. */
    readonly way?: Way;
  } | null;
  /**
   * Where its policy lies and what else is Cofferdam's; left out: on the host itself. `set` is not
   * used: the policy has the values.
   */
  readonly host?: PrivateHost;
  /** Runs all of it as this user, `cofferdam run` included. */
  readonly uid?: number;
}

/** A real daemon, started as its users start it: `cofferdam run DOMAIN -- COMMAND`. */
export class Daemon {
  readonly #child: ChildProcess;
  readonly #events: string;
  readonly #output: string;
  #ended: number | string | null = null;

  constructor({ folder, command, domain, uid, host }: Recipe) {
    const number = `${path.basename(command[0] ?? "")}-${fs.readdirSync(folder).length}`;
    this.#events = path.join(folder, `${number}.events`);
    this.#output = path.join(folder, `${number}.output`);
    const sets = Object.entries(domain?.set ?? {}).flatMap(([name, value]) => [
      "--set",
      `${name}=${value}`,
    ]);
    const run =
      host === undefined
        ? [
            "--events",
            this.#events,
            ...sets,
            ...policyArguments(folder, domain?.name ?? "", domain?.way ?? "sealed"),
          ]
        : [domain?.name ?? ""];
    const confined = domain === null ? [] : [...(host?.inside ?? []), front, "run", ...run, "--"];
    const [program = "", ...args] = [...confined, ...command];
    // A file, since Node's pipes are sockets, and the shipped domains inherit none.
    const output = fs.openSync(this.#output, "w");
    this.#child = spawn(program, args, {
      cwd: "/",
      stdio: ["ignore", output, output],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: folder, LANG: "C.UTF-8" },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    fs.closeSync(output);
    this.#child.once("error", (error) => {
      this.#ended = String(error);
    });
    this.#child.once("exit", (status, signal) => {
      this.#ended = status ?? signal;
    });
  }

  /** The daemon's own process id: the one that was started keeps it. */
  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get output(): string {
    return fs.readFileSync(this.#output, "utf8");
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /**
   * Waits for something the daemon does; fails with its output when it ends first or never does it.
   */
  async until(what: string, done: () => boolean | Promise<boolean>): Promise<void> {
    const since = Date.now();
    while (!(await done())) {
      if (this.#ended !== null || Date.now() - since > PATIENCE_MS) {
        throw new Error(
          `never: ${what} (the daemon: ${this.#ended ?? "still runs"})\n${this.output}`,
        );
      }
      await pause(POLL_MS);
    }
  }

  /** The exit status, or the signal's name. */
  async ended(): Promise<number | string> {
    const since = Date.now();
    while (this.#ended === null && Date.now() - since < PATIENCE_MS) await pause(POLL_MS);
    if (this.#ended === null) throw new Error(`does not end\n${this.output}`);
    return this.#ended;
  }

  /**
   * For every way out of a test: nothing of it runs on, not even children that outlive a killed
   * parent.
   */
  async close(): Promise<void> {
    if (this.#ended !== null) return;
    const workers = descendants(this.pid);
    this.#child.kill("SIGKILL");
    for (const pid of workers) killIfThere(pid);
    await this.ended();
  }

  /**
   * Every denial of the whole run as `CLASS OPERATION OBJECT`, each once. Only after the end, when
   * the collector has written all.
   */
  async denials(): Promise<string[]> {
    await this.ended();
    const since = Date.now();
    while (collectorOf(this.#events) && Date.now() - since < PATIENCE_MS) await pause(POLL_MS);
    const lines = fs.readFileSync(this.#events, "utf8").split("\n");
    const all = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Event);
    const events = all.filter((event) => !isOfThisHost(event));
    return [
      ...new Set(events.map((event) => `${event.class} ${event.operation} ${event.object}`)),
    ].sort();
  }
}

/**
 * The tests' caller may have left descriptors open to them, and so to the daemon; and a kernel may
 * name no process in its denials, which changes nothing about what was denied.
 */
function isOfThisHost(event: Event): boolean {
  if (event.class === "lifecycle") return event.operation === "unattributed";
  return event.class === "inherit" && !/^descriptor [0-2]:/.test(event.object);
}

function collectorOf(file: string): boolean {
  const processes = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return processes.some((pid) => {
    try {
      const args = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return args.includes(file) && args.some((arg) => arg.endsWith("/collector.js"));
    } catch {
      return false; // It has ended since it was listed.
    }
  });
}

/** Process ids of children, theirs included. */
export function descendants(pid: number): number[] {
  const children = childrenOf(pid).trim().split(" ").filter(Boolean);
  return children.map(Number).flatMap((child) => [child, ...descendants(child)]);
}

function childrenOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  } catch {
    return ""; // It has ended.
  }
}

export function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Uid of a process, from its own status: real, effective, saved, file system. */
export function uidsOf(pid: number): number[] {
  const line = /^Uid:\t(.*)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "";
  return line.split("\t").map(Number);
}
