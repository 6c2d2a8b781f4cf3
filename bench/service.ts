import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { cofferdam, type Scratch } from "./scratch.ts";

/** How long a daemon may take to begin, in milliseconds. */
const START_MS = 20_000;
/** One load, in milliseconds; far beyond what any of them takes. */
const LOAD_MS = 60_000;

/** A daemon that is measured twice at once: as it is, and in its shipped domain. */
export interface Service {
  readonly name: string;
  readonly needs: readonly string[];
  /** Makes configuration and data below `folder`, to listen on `port`. */
  prepare(folder: string, port: number): void;
  command(folder: string, port: number): readonly string[];
  /** The account that the domain gives; null where the daemon changes its own. */
  readonly user: string | null;
  set(folder: string, port: number): Readonly<Record<string, string>>;
  ready(folder: string, port: number): boolean;
  readonly loads: readonly Load[];
}

/** One kind of load, its throughput read from the client's own report. */
export interface Load {
  readonly what: string;
  readonly unit: string;
  command(folder: string, port: number): readonly string[];
  throughput(report: string): number;
}

export class Running {
  readonly folder: string;
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child;
    this.folder = folder;
    this.port = port;
  }

  static async start(service: Service, scratch: Scratch, port: number, sealed: boolean): Promise<Running> {
    const folder = scratch.file(`${service.name}-${sealed ? "sealed" : "unconfined"}`);
    fs.mkdirSync(folder);
    fs.chmodSync(folder, 0o755);
    service.prepare(folder, port);
    const sets = Object.entries(service.set(folder, port)).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
    const as = service.user === null ? [] : asUser(service.user);
    const prefix = sealed ? [cofferdam, "run", ...sets, service.name, "--"] : as;
    const [program = "", ...args] = [...prefix, ...service.command(folder, port)];
    const log = fs.openSync(path.join(folder, "output"), "w");
    const child = spawn(program, args, { cwd: "/", stdio: ["ignore", log, log] });
    fs.closeSync(log);
    const running = new Running(child, folder, port);
    for (const since = Date.now(); !service.ready(folder, port); await pause(50)) {
      if (child.exitCode === null && Date.now() - since < START_MS) continue;
      await running.stop();
      throw new Error(`${service.name} does not start:\n${fs.readFileSync(path.join(folder, "output"), "utf8")}`);
    }
    return running;
  }

  measure(load: Load): number {
    const [program = "", ...args] = load.command(this.folder, this.port);
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", cwd: "/", timeout: LOAD_MS });
    const figure = load.throughput(stdout);
    if (status === 0 && figure > 0) return figure;
    throw new Error(`${load.what}: ${program} ended with ${status}\n${stdout}${stderr}`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGINT");
    await Promise.race([ended, pause(START_MS).then(() => this.#child.kill("SIGKILL"))]);
  }
}

/** The same account for the unconfined one, without anything else. */
export function asUser(name: string): readonly string[] {
  return ["setpriv", "--reuid", name, "--regid", name, "--init-groups"];
}

/** Folders of a service, given to the user that it runs as. */
export function makeFolders(folder: string, names: readonly string[], user: string | null): void {
  for (const name of names) {
    fs.mkdirSync(path.join(folder, name));
    if (user !== null) spawnSync("chown", [`${user}:${user}`, path.join(folder, name)]);
  }
}

export function succeeds(command: readonly string[]): boolean {
  const [program = "", ...args] = command;
  return spawnSync(program, args, { stdio: "ignore", cwd: "/" }).status === 0;
}
