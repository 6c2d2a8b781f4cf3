import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PUBLIC_FOLDER } from "../src/base/modes.ts";
import { clone, cofferdam, type Scratch } from "./scratch.ts";

/** How long a daemon may take to begin, in milliseconds. */
const START_MS = 20_000;
/** Design: a sealed daemon keeps at least this much of its throughput. */
export const SEALED_BUDGET = 0.98;
/** One load, in milliseconds; far beyond what any of them takes. */
const LOAD_MS = 60_000;

/**
 * - `unconfined`: as it is;
 * - `sealed`: in its domain, as root with cgroup programs;
 * - `brokered`: sealed, with a pattern among its unix sockets, so that sockets are asked about;
 * - `warning`: in the same domain at level warning, where every mediated call is asked about;
 * - `late names WORD`: sealed, with this word for `late-names`;
 * - `enforcing`: supervised at level enforcing;
 * - `user`: sealed, started by an ordinary user, for whom there are no cgroup programs;
 * - `C at warning`, `C as user`: under `programs/supervisor.c` with the filter of that mode's plan.
 *   It lets every call go on: at warning once it has read the path, as a user at once. No mediator
 *   can be faster.
 */
export type Mode = Confined | Yardstick | "unconfined";
export type Confined =
  | "sealed"
  | "brokered"
  | "late names sealed"
  | "late names brokered"
  | "late names brokered-blocking"
  | "warning"
  | "enforcing"
  | "user";
type Yardstick = "C at warning" | "C as user";

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
  /**
   * A policy of the benchmark's own, without level and mediation; otherwise the shipped one is
   * used.
   */
  policy?(folder: string, port: number, mode: Confined): string;
  ready(folder: string, port: number): boolean;
  readonly loads: readonly Load[];
  /** What a mode must keep of the unconfined throughput. */
  readonly budgets: Readonly<Partial<Record<Mode, number>>>;
}

/** One kind of load, its throughput read from the client's own report. */
export interface Load {
  readonly what: string;
  readonly unit: string;
  command(folder: string, port: number): readonly string[];
  throughput(report: string): number;
}

/** A daemon that its domain keeps from its work. */
export class NotRunning extends Error {}

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
    const folder = scratch.file(`${service.name}-${mode}`.replaceAll(" ", "-"));
    fs.mkdirSync(folder);
    fs.chmodSync(folder, PUBLIC_FOLDER);
    service.prepare(folder, port);
    const prefix = prefixOf(service, scratch, mode, folder, port);
    const [program = "", ...args] = [...prefix, ...service.command(folder, port)];
    const log = fs.openSync(path.join(folder, "output"), "w");
    const env = mode === "user" ? { ...process.env, ...userPlaces(service, folder) } : process.env;
    const child = spawn(program, args, { cwd: "/", stdio: ["ignore", log, log], env });
    fs.closeSync(log);
    const running = new Running(child, mode, folder, port);
    for (const since = Date.now(); !service.ready(folder, port); await pause(50)) {
      if (child.exitCode === null && Date.now() - since < START_MS) continue;
      await running.stop();
      throw new NotRunning(said(folder));
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

/** What a daemon said last. */
function said(folder: string): string {
  const lines = fs.readFileSync(path.join(folder, "output"), "utf8").trim().split("\n");
  return lines.at(-1) || "it does not answer";
}

function as({ user }: Service): readonly string[] {
  return user === null ? [] : asUser(user);
}

function prefixOf(
  service: Service,
  scratch: Scratch,
  mode: Mode,
  folder: string,
  port: number,
): readonly string[] {
  if (mode === "unconfined") return as(service);
  const name = path.basename(folder);
  if (mode === "C at warning") {
    const filter = scratch.filter(name, domainOf(service, scratch, "warning", folder, port));
    return [scratch.program("supervisor"), "continue", filter, "--", ...as(service)];
  }
  if (mode === "C as user") {
    const domain = domainOf(service, scratch, "user", folder, port);
    const places = Object.entries(userPlaces(service, folder));
    const env = places.map(([variable, place]) => `${variable}=${place}`);
    const compiler = { prefix: [...as(service), "env", ...env], folder: `${folder}/home` };
    const filter = scratch.filter(name, domain, compiler);
    return [...as(service), scratch.program("supervisor"), "at-once", filter, "--"];
  }
  const domain = domainOf(service, scratch, mode, folder, port);
  return [...(mode === "user" ? as(service) : []), cofferdam, "run", ...domain, "--"];
}

/** The domain of a mode as `run` and `compile` are told of it. */
function domainOf(
  service: Service,
  scratch: Scratch,
  mode: Confined,
  folder: string,
  port: number,
): readonly string[] {
  const sets = Object.entries(service.set(folder, port)).flatMap(([name, value]) => [
    "--set",
    `${name}=${value}`,
  ]);
  const own = service.policy?.(folder, port, mode);
  const isShipped = own === undefined && mode === "sealed";
  const text = own ?? fs.readFileSync(path.join(clone, "domains", `${service.name}.yaml`), "utf8");
  const file = scratch.file(`${path.basename(folder)}.yaml`);
  if (!isShipped) fs.writeFileSync(file, inMode(text, mode, service.user));
  return [...sets, ...(isShipped ? [service.name] : ["--policy", file])];
}

/** The text of a policy with the level, mediation and user of a mode. */
export function inMode(policy: string, mode: Confined, user: string | null): string {
  const lateNames = /^late names (.*)/.exec(mode)?.[1] ?? null;
  const rest = policy
    .split("\n")
    .filter((line) => !/^(level|mediation):/.test(line))
    .filter((line) => lateNames === null || !line.startsWith("late-names:"))
    .filter((line) => mode !== "user" || !/^(user|group):/.test(line));
  const said = /^user:/m.test(policy) || mode === "user" || user === null ? [] : [`user: ${user}`];
  const level = mode === "warning" ? "warning" : "enforcing";
  const mediation = mode === "enforcing" ? ["mediation: supervised"] : [];
  const late = lateNames === null ? [] : [`late-names: ${lateNames}`];
  return [`level: ${level}`, ...mediation, ...late, ...said, ...rest].join("\n");
}

/** Where an ordinary user's plans and runs lie: folders that are the user's. */
function userPlaces({ user }: Service, folder: string): Readonly<Record<string, string>> {
  makeFolders(folder, ["home", "runtime"], user);
  return { HOME: `${folder}/home`, XDG_RUNTIME_DIR: `${folder}/runtime` };
}

/** The same account for the unconfined one, without anything else. */
export function asUser(name: string): readonly string[] {
  const group = name === "nobody" ? "nogroup" : name;
  return ["setpriv", "--reuid", name, "--regid", group, "--init-groups"];
}

/** Folders of a service, given to the user that it runs as. */
export function makeFolders(folder: string, names: readonly string[], user: string | null): void {
  for (const name of names) {
    fs.mkdirSync(path.join(folder, name));
    if (user !== null) spawnSync("chown", [`${user}:`, path.join(folder, name)]);
  }
}

export function succeeds(command: readonly string[]): boolean {
  const [program = "", ...args] = command;
  return spawnSync(program, args, { stdio: "ignore", cwd: "/" }).status === 0;
}
