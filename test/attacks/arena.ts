import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { PUBLIC_FOLDER, SET_USER_ID_PROGRAM } from "../../src/base/modes.ts";
import { compileC } from "../support/compile-c.ts";
import { scratchFolder } from "../support/scratch.ts";

/** The folder of the clone, from which `bin/cofferdam` is run as its users run it. */
const clone = path.resolve(import.meta.dirname, "../..");
const programs = path.join(import.meta.dirname, "programs");

/**
 * How long one attack may take on a slow or emulated machine, in milliseconds; the races bring
 * their own.
 */
const ATTACK_TIMEOUT_MS = 120_000;

/**
 * Compiling more than a hundred programs in a fresh clone, on a machine with other work, in
 * milliseconds.
 */
export const BUILD_TIMEOUT_MS = 180_000;

export interface Attacker {
  readonly uid: number;
  readonly name: "root" | "user";
}

export interface AttackProgram {
  readonly name: string;
  readonly title: string;
  readonly as: "root" | "user" | "both";
  /**
   * `CLASS/OPERATION WHO` with WHO `broker` or `kernel`; `pinned` for what is open on purpose;
   * `none` where only the refusal counts.
   */
  readonly event: string;
  /** Which domain it runs in; `attacker` where it does not say. */
  readonly policy: string;
  /**
   * Whether it works outside every domain; `refused` for what only a broker could be talked into.
   */
  readonly bare: "works" | "refused";
  /** It changes what comes after it in its domain, and so has a start of its own. */
  readonly alone: boolean;
}

export interface Outcome {
  readonly status: number | null;
  readonly text: string;
}

/**
 * Reads title, attacker and expected event from the first lines of each program. Throws for a
 * program that lacks them, because it would not be run.
 */
export function attackPrograms(): AttackProgram[] {
  return fs
    .readdirSync(programs)
    .filter((file) => file.endsWith(".c") && file !== "victim.c")
    .sort()
    .map((file) => {
      const text = fs.readFileSync(path.join(programs, file), "utf8");
      const field = (key: string) => new RegExp(`^// ${key}: (.*)$`, "m").exec(text)?.[1] ?? "";
      for (const key of ["title", "as", "event"])
        if (field(key) === "") throw new Error(`${file}: no line \`// ${key}: \``);
      return {
        name: file.slice(0, -2),
        title: field("title"),
        as: field("as") as AttackProgram["as"],
        event: field("event"),
        policy: field("policy") || "attacker",
        bare: field("bare") === "refused" ? "refused" : "works",
        alone: field("alone") !== "",
      };
    });
}

/** Compiles a program of this folder. */
export function buildProgram(source: string, target: string): void {
  compileC(target, source, ["-O1", "-Wall", "-Werror", "-pthread"]);
}

/** Compiles every program into `folder`. */
export function buildPrograms(folder: string): void {
  for (const file of fs.readdirSync(programs).filter((name) => name.endsWith(".c"))) {
    buildProgram(path.join(programs, file), path.join(folder, file.slice(0, -2)));
  }
  buildProgram(path.join(import.meta.dirname, "series.c"), path.join(folder, "series"));
}

/**
 * One place in which an attacker runs: files made for it, a victim process outside every domain
 * that runs as the same user, and a domain file. Everything lies below one folder of its own and
 * ends with {@link Arena.close}.
 */
export class Arena {
  readonly folder: string;
  readonly attacker: Attacker;
  readonly policy: string;
  /** Name of the attacker's domain. */
  readonly domain: string;
  readonly bin: string;
  private readonly home: string;
  private victim: ChildProcess | null = null;
  private settings: Record<string, string> = {};

  constructor(attacker: Attacker, domain = "attacker") {
    this.attacker = attacker;
    this.domain = domain;
    this.folder = scratchFolder("arena", { mode: PUBLIC_FOLDER });
    this.bin = path.join(this.folder, "bin");
    this.home = path.join(this.folder, "home");
    this.policy = path.join(this.folder, "policy", `${domain}.yaml`);
    for (const name of ["bin", "home", "policy", "scratch"])
      fs.mkdirSync(path.join(this.folder, name));
    buildPrograms(this.bin);
    fs.copyFileSync(path.join(this.bin, "setuid-exec"), path.join(this.bin, "suid"));
    if (process.getuid?.() === 0) {
      fs.chownSync(path.join(this.bin, "suid"), 0, 0);
      for (const name of ["home", "scratch"]) this.give(path.join(this.folder, name));
    }
    fs.chmodSync(path.join(this.bin, "suid"), SET_USER_ID_PROGRAM);
    this.reset();
  }

  get scratch(): string {
    return path.join(this.folder, "scratch");
  }

  /** Puts every file back, so that no attack lives on what another left behind. */
  reset(): void {
    const files: Record<string, string | Buffer> = {
      "secret/file": "the secret\n",
      "secret/daemon.conf": "# configuration of another daemon\n",
      "secret/tmp.download": "",
      "readonly/file": fs.readFileSync("/bin/true").subarray(0, 8192),
      "exact/keep": "",
      "exact/pid (deleted)": "the secret of another name\n",
    };
    remove(path.join(this.scratch, "planted"));
    for (const name of ["granted", "readonly", "secret", "exact", "plain", "jail", "jail/tmp"])
      this.emptyFolder(path.join(this.scratch, name));
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(this.scratch, name);
      fs.writeFileSync(file, content);
      this.give(file);
    }
  }

  /**
   * The folder stays the same one where it can: a sealed domain that runs was granted that, not
   * whatever has its name.
   */
  private emptyFolder(folder: string): void {
    if (fs.lstatSync(folder, { throwIfNoEntry: false })?.isDirectory())
      for (const name of fs.readdirSync(folder)) remove(path.join(folder, name));
    else {
      remove(folder);
      fs.mkdirSync(folder);
    }
    fs.chmodSync(folder, PUBLIC_FOLDER);
    this.give(folder);
  }

  private give(file: string): void {
    if (process.getuid?.() === 0) fs.chownSync(file, this.attacker.uid, this.attacker.uid);
  }

  /** Starts the victim and waits until it has printed what it owns. */
  async open(policyText: (arena: Arena) => string): Promise<void> {
    const [command, args] = this.asAttacker(path.join(this.bin, "victim"), []);
    const victim = spawn(command, args, {
      env: { ATTACK_SCRATCH: this.scratch, SECRET: "in the environment" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.victim = victim;
    let text = "";
    await new Promise<void>((resolve, reject) => {
      victim.stdout.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes("READY")) resolve();
      });
      victim.once("exit", (code) =>
        reject(new Error(`the victim ended with status ${code}: ${text}`)),
      );
    });
    for (const line of text.split("\n")) {
      const [key, value] = line.split("=");
      if (key !== undefined && value !== undefined) this.settings[key] = value;
    }
    this.write(policyText(this));
  }

  /** The policy of the next start. */
  write(text: string): void {
    fs.writeFileSync(this.policy, text);
    this.give(this.policy);
  }

  /** What the victim printed, e.g. `ATTACK_PORT_GRANTED`. */
  setting(name: string): string {
    const value = this.settings[name];
    if (value === undefined) throw new Error(`the victim did not print ${name}`);
    return value;
  }

  private asAttacker(command: string, args: readonly string[]): [string, string[]] {
    const uid = String(this.attacker.uid);
    if (this.attacker.uid === process.getuid?.()) return [command, [...args]];
    return ["setpriv", ["--reuid", uid, "--regid", uid, "--clear-groups", command, ...args]];
  }

  /** The command line that starts a program as the attacker, inside the domain or outside. */
  command(
    options: { confined: boolean; events?: string },
    [program = "", ...args]: readonly string[],
  ): [string, string[]] {
    if (!options.confined) return this.asAttacker(program, args);
    const events = options.events === undefined ? [] : ["--events", options.events];
    const front = path.join(clone, "bin/cofferdam");
    return this.asAttacker(front, [
      "run",
      ...events,
      "--policy",
      this.policy,
      "--",
      program,
      ...args,
    ]);
  }

  /** Runs an attack program outside every domain, or inside the arena's. */
  run(
    name: string,
    options: {
      confined: boolean;
      thread?: boolean;
      events?: string;
      environment?: Record<string, string>;
      timeoutMs?: number;
    },
  ): Outcome {
    const [command, args] = this.command(options, [path.join(this.bin, name)]);
    const secret = fs.openSync(path.join(this.scratch, "secret/file"), "r");
    try {
      const result = spawnSync(command, args, {
        env: this.environment(options),
        stdio: ["ignore", "pipe", "pipe", secret],
        timeout: options.timeoutMs ?? ATTACK_TIMEOUT_MS,
        encoding: "utf8",
      });
      return {
        status: result.status,
        text: `${result.stdout}${result.stderr}${result.error ?? ""}`,
      };
    } finally {
      fs.closeSync(secret);
    }
  }

  environment(
    options: { thread?: boolean; environment?: Record<string, string> } = {},
  ): Record<string, string> {
    return {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: this.home,
      XDG_CONFIG_HOME: path.join(this.home, "config"),
      XDG_STATE_HOME: path.join(this.home, "state"),
      ATTACK_SCRATCH: this.scratch,
      ATTACK_INHERITED_FD: "3",
      ATTACK_READABLE_PROGRAM: "/usr/bin/true",
      ATTACK_SETUID_PROGRAM: path.join(this.bin, "suid"),
      ATTACK_DEVICE: "/dev/urandom",
      ATTACK_CGROUP: cgroup2() ?? "/sys/fs/cgroup",
      ATTACK_POLICY: this.policy,
      ATTACK_PLAN: this.ownFile(/\.plan$/),
      ATTACK_LOG: this.log,
      ...this.settings,
      ...(options.thread === true ? { ATTACK_THREAD: "1" } : {}),
      ...options.environment,
    };
  }

  /** The event log of this attacker: root's is the host's. */
  get log(): string {
    return this.attacker.uid === 0
      ? "/var/log/cofferdam/events.jsonl"
      : path.join(this.home, "state/cofferdam/events.jsonl");
  }

  /**
   * Whether a run of the domain goes on: its holder, which ends after the mediator, takes the
   * record away.
   */
  get isRunning(): boolean {
    const folder = path.join(this.ownFolder, "runs");
    if (!fs.existsSync(folder)) return false;
    return fs.readdirSync(folder).some((run) => {
      try {
        return fs.readlinkSync(path.join(folder, run)).startsWith(`${this.domain} `);
      } catch {
        return false;
      }
    });
  }

  private get ownFolder(): string {
    return this.attacker.uid === 0 ? "/run/cofferdam" : path.join(this.home, ".cache/cofferdam");
  }

  private ownFile(pattern: RegExp): string {
    const folder = path.join(this.ownFolder, "plans");
    const found = fs.existsSync(folder)
      ? fs
          .readdirSync(folder)
          .find((name) => name.startsWith(`${this.domain}-`) && pattern.test(name))
      : undefined;
    return path.join(folder, found ?? "none.plan");
  }

  async close(): Promise<void> {
    const victim = this.victim;
    if (victim !== null && victim.exitCode === null) {
      const ended = new Promise((resolve) => victim.once("exit", resolve));
      victim.stdin?.end();
      await ended;
    }
    remove(this.folder);
  }
}

/**
 * Attacks leave directories behind with names longer than any path may be, which rm(1) can remove.
 */
function remove(folder: string): void {
  try {
    fs.rmSync(folder, { recursive: true, force: true });
  } catch {
    execFileSync("rm", ["-rf", folder]);
  }
}

function cgroup2(): string | null {
  return /^cgroup2? (\S+) cgroup2 /m.exec(fs.readFileSync("/proc/mounts", "utf8"))?.[1] ?? null;
}
