import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { clone, cofferdam, type Scratch } from "./scratch.ts";

/** How long a daemon may take to begin, in milliseconds. */
const START_MS = 20_000;
/** One load, in milliseconds; far beyond what any of them takes. */
const LOAD_MS = 60_000;

/**
 * As it is; in its shipped domain; and in the same domain at level warning, where every mediated
 * call is asked about.
 */
export type Mode = "unconfined" | "sealed" | "warning";

/** A daemon that is measured in several modes at once. */
export interface Service {
  readonly name: string;
  readonly modes: readonly Mode[];
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
  readonly mode: Mode;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, mode: Mode, folder: string, port: number) {
    this.#child = child;
    this.mode = mode;
    this.folder = folder;
    this.port = port;
  }

  static async start(
    service: Service,
    scratch: Scratch,
    port: number,
    mode: Mode,
  ): Promise<Running> {
    const folder = scratch.file(`${service.name}-${mode}`);
    fs.mkdirSync(folder);
    fs.chmodSync(folder, 0o755);
    service.prepare(folder, port);
    const sets = Object.entries(service.set(folder, port)).flatMap(([name, value]) => [
      "--set",
      `${name}=${value}`,
    ]);
    const domain =
      mode === "warning" ? ["--policy", warningPolicy(service.name, scratch)] : [service.name];
    const as = service.user === null ? [] : asUser(service.user);
    const prefix = mode === "unconfined" ? as : [cofferdam, "run", ...sets, ...domain, "--"];
    const [program = "", ...args] = [...prefix, ...service.command(folder, port)];
    const log = fs.openSync(path.join(folder, "output"), "w");
    const child = spawn(program, args, { cwd: "/", stdio: ["ignore", log, log] });
    fs.closeSync(log);
    const running = new Running(child, mode, folder, port);
    for (const since = Date.now(); !service.ready(folder, port); await pause(50)) {
      if (child.exitCode === null && Date.now() - since < START_MS) continue;
      await running.stop();
      throw new Error(
        `${service.name} does not start:\n${fs.readFileSync(path.join(folder, "output"), "utf8")}`,
      );
    }
    return running;
  }

  measure(load: Load): number {
    const [program = "", ...args] = load.command(this.folder, this.port);
    const { status, stdout, stderr } = spawnSync(program, args, {
      encoding: "utf8",
      cwd: "/",
      timeout: LOAD_MS,
    });
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

/** The shipped policy at level warning, in a file of its own. */
function warningPolicy(name: string, scratch: Scratch): string {
  const shipped = fs.readFileSync(path.join(clone, "domains", `${name}.yaml`), "utf8");
  const file = scratch.file(`${name}.yaml`);
  fs.writeFileSync(file, shipped.replace(/^level: .*$/m, "level: warning"));
  return file;
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
