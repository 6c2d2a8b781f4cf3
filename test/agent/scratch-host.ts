import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { Agent } from "../../src/agent/agent.ts";
import { PUBLIC_FOLDER } from "../../src/base/modes.ts";
import { anything } from "../../src/base/schema.ts";
import { LiveTable } from "../../src/domains/live-table.ts";
import type { Event } from "../../src/events/event.ts";
import { readRecords } from "../../src/events/log/read.ts";
import { askAgent, type Method } from "../../src/host/agent-client.ts";
import type { Places } from "../../src/host/places.ts";
import { root } from "../house/tree.ts";
import { IN_CLONE, scratchFolder } from "../support/scratch.ts";
import { scratchPlaces } from "./scratch-places.ts";

/** A host of its own in a scratch folder: policies, state, an agent. */
export class ScratchHost {
  readonly folder = scratchFolder("agent", { mode: PUBLIC_FOLDER });
  readonly places: Places = scratchPlaces(this.folder, root);
  readonly messages: string[] = [];
  #agents: Agent[] = [];
  #processes: ChildProcess[] = [];
  #bundle: string | null = null;

  constructor() {
    // Others must get as far as the socket.
    mkdirSync(join(this.folder, "domains"));
  }

  policy(name: string, text: string): void {
    writeFileSync(this.fileOf(name), text);
  }

  fileOf(name: string): string {
    return join(this.folder, "domains", `${name}.yaml`);
  }

  async start(mediator: string | null = null): Promise<Agent> {
    const agent = await Agent.start({
      places: this.places,
      mediator:
        mediator === null ? null : { program: process.execPath, arguments: [mediator, "shared"] },
      sessions: null,
      collector: null,
      activated: null,
      log: (text) => void this.messages.push(text),
    });
    this.#agents.push(agent);
    return agent;
  }

  async stop(agent: Agent): Promise<void> {
    this.#agents = this.#agents.filter((one) => one !== agent);
    await agent.stop();
  }

  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at member by member.
  ask(method: Method, path: string, body?: Record<string, unknown>): Promise<any> {
    return askAgent(anything, method, `/v1${path}`, body, this.places.system.control);
  }

  /** An agent in a process of its own, once it answers; `error` where it does not start. */
  async spawn(mediator?: string): Promise<{ process: ChildProcess; error: string }> {
    this.#bundle ??= await bundleAgent();
    const args = [this.#bundle, this.folder, root, ...(mediator === undefined ? [] : [mediator])];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#processes.push(child);
    let error = "";
    child.stderr.on("data", (text) => {
      error += text;
    });
    await new Promise<void>((resolve) => {
      child.stdout.once("data", () => resolve());
      child.once("close", () => resolve());
    });
    return { process: child, error };
  }

  /** A level as mediators see it. */
  level(number: number) {
    return LiveTable.open(this.places.system.table).level(number);
  }

  generation(number: number): number {
    return LiveTable.open(this.places.system.table).generation(number);
  }

  /** The record of a run with one process, which only waits, as daemon and holder. */
  run(domain: string, number: number, mode: string, level: string, live = "live"): ChildProcess {
    const child = spawn("sleep", ["1000"], { stdio: "ignore" });
    this.#processes.push(child);
    const start = startOf(child.pid ?? 0);
    mkdirSync(this.places.system.runs, { recursive: true });
    const record = `${domain} ${number} ${mode} ${level} ${start} ${child.pid} ${start} ${live}`;
    symlinkSync(record, join(this.places.system.runs, String(child.pid)));
    return child;
  }

  /** As the holder does at the end of the last process. */
  async end(run: ChildProcess): Promise<void> {
    const ended = new Promise((resolve) => run.once("close", resolve));
    run.kill("SIGKILL");
    await ended;
    rmSync(join(this.places.system.runs, String(run.pid)));
  }

  events(): readonly Event[] {
    return [...readRecords(join(this.folder, "log"))].map(({ event }) => event);
  }

  async remove(): Promise<void> {
    for (const agent of this.#agents) await agent.stop();
    for (const child of this.#processes) child.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
    if (this.#bundle !== null) rmSync(this.#bundle, { force: true });
  }
}

function startOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19] ?? "";
}

async function bundleAgent(): Promise<string> {
  const outfile = join(scratchFolder("agent", { above: IN_CLONE }), "agent-process.mjs");
  await build({
    entryPoints: [join(root, "test", "agent", "agent-process.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["koffi"],
    banner: {
      js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);',
    },
    logLevel: "error",
  });
  return outfile;
}

export const policyText = (grant: string): string =>
  `summary: a test\nfiles:\n  - ${grant}\nsyscalls: ["@system-service"]\n`;
