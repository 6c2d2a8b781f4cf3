import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { PUBLIC_FOLDER } from "../../src/base/modes.ts";
import type { Event } from "../../src/events/event.ts";
import { compileC } from "../support/compile-c.ts";
import { scratchFolder } from "../support/scratch.ts";

/** The clone, from which `bin/cofferdam` is run as its users run it. */
export const clone = path.resolve(import.meta.dirname, "../..");
export const front = path.join(clone, "bin/cofferdam");
/** Debian's `nobody`: tests run by root become it, tests run by an ordinary user keep that user. */
export const NOBODY = 65_534;
/** One launch with its compilation, its mediator and a few calls, in milliseconds. */
const RUN_TIMEOUT_MS = 60_000;
/** As root it may be the events of the host, with all that other tests left there. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** How a command is started: `wrap` is put before it, e.g. `["unshare", "-m", ...]`. */
export interface How {
  readonly wrap?: readonly string[];
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A scratch folder of one user, with a home, granted and secret files, a program that tries things,
 * and a domain file.
 */
export class Domain {
  readonly uid: number;
  readonly folder: string;
  readonly home: string;
  readonly policy: string;
  /** Tries what its standard input lists, one line each, and prints one word each: `try.c`. */
  readonly try: string;

  constructor(uid: number = process.getuid?.() ?? NOBODY) {
    this.uid = uid;
    this.folder = scratchFolder("property", { mode: PUBLIC_FOLDER });
    this.home = path.join(this.folder, "home");
    this.policy = path.join(this.home, "policies/scene.yaml");
    this.try = path.join(this.folder, "try");
    for (const name of ["home", "home/granted", "home/secret", "home/shared", "home/policies"])
      this.own(name, () => fs.mkdirSync(this.at(name)));
    for (const name of ["granted/file", "secret/file"]) this.write(`home/${name}`, `${name}\n`);
    compileC(this.try, path.join(import.meta.dirname, "try.c"), [
      "-O1",
      "-Wall",
      "-Werror",
      "-pthread",
    ]);
  }

  /** A name in the scratch folder as an absolute one. */
  at(name: string): string {
    return path.join(this.folder, name);
  }

  write(name: string, text: string): void {
    this.own(name, () => fs.writeFileSync(this.at(name), text));
  }

  private own(name: string, make: () => void): void {
    make();
    if (process.getuid?.() === 0) fs.chownSync(this.at(name), this.uid, this.uid);
  }

  /**
   * Writes the domain file: what every scene needs, `lines` for its own. `base` replaces the grants
   * of files that scenes share.
   */
  writePolicy(
    lines: {
      files?: readonly string[];
      base?: readonly string[];
      syscalls?: string;
      rest?: string;
    } = {},
  ): void {
    const base = lines.base ?? [`rwcd ${this.home}/granted/**`, `rwcd ${this.home}/shared/exact`];
    const files = [`rx ${this.try}`, ...base, ...(lines.files ?? [])].map(
      (line) => `  - ${line}\n`,
    );
    const calls = `syscalls: ["@system-service"${lines.syscalls ?? ""}]\n`;
    this.write(
      "home/policies/scene.yaml",
      `summary: a scene\ninclude: [base]\nfiles:\n${files.join("")}${calls}inherit: [stdio, ` +
        `stdio-sockets]\n${lines.rest ?? ""}`,
    );
  }

  private line(command: readonly string[], how: How): [string, string[], Record<string, string>] {
    const uid = String(this.uid);
    const become =
      this.uid === process.getuid?.()
        ? []
        : ["setpriv", "--reuid", uid, "--regid", uid, "--clear-groups"];
    const [program = "", ...args] = [...(how.wrap ?? []), ...become, ...command];
    return [
      program,
      args,
      { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: this.home, ...how.environment },
    ];
  }

  /** Runs a command as the scene's user, outside every domain. */
  outside(command: readonly string[], how: How = {}): Outcome {
    const [program, args, env] = this.line(command, how);
    const { status, stdout, stderr, error } = spawnSync(program, args, {
      env,
      input: how.input ?? "",
      encoding: "utf8",
      timeout: RUN_TIMEOUT_MS,
      maxBuffer: OUTPUT_BYTES_MAX,
      cwd: "/",
    });
    // A program that ends without reading its input is no fault of the scene.
    if (error !== undefined && !("code" in error && error.code === "EPIPE")) throw error;
    return { status, out: stdout, err: stderr };
  }

  cofferdam(args: readonly string[], how: How = {}): Outcome {
    return this.outside([front, ...args], how);
  }

  run(command: readonly string[], how: How = {}): Outcome {
    return this.cofferdam(["run", "--policy", this.policy, "--", ...command], how);
  }

  /** What becomes of each line in the domain, see `try.c`; the run itself must work. */
  tries(lines: readonly string[], how: How = {}): readonly string[] {
    return this.words(this.run([this.try], { ...how, input: `${lines.join("\n")}\n` }), lines);
  }

  triesOutside(lines: readonly string[]): readonly string[] {
    return this.words(this.outside([this.try], { input: `${lines.join("\n")}\n` }), lines);
  }

  private words({ status, out, err }: Outcome, lines: readonly string[]): readonly string[] {
    const words = out.trim().split("\n");
    if (status !== 0 || words.length !== lines.length)
      throw new Error(`the scene ended with ${status}: ${err}${out}`);
    return words;
  }

  /** Starts a command in the domain, {@link try} if none, and leaves it waiting for lines. */
  start(command: readonly string[] = [this.try]): Conversation {
    const [program, args, env] = this.line(
      [front, "run", "--policy", this.policy, "--", ...command],
      {},
    );
    return new Conversation(
      spawn(program, args, { env, cwd: "/", stdio: ["pipe", "pipe", "inherit"] }),
    );
  }

  /** The folder with this user's ready plans. */
  get plans(): string {
    return this.uid === 0 ? "/run/cofferdam/plans" : path.join(this.home, ".cache/cofferdam/plans");
  }

  get events(): string {
    return this.uid === 0
      ? "/var/log/cofferdam/events.jsonl"
      : path.join(this.home, ".local/state/cofferdam/events.jsonl");
  }

  /**
   * Notes how long the log is now. The result reads the events since then that name {@link try}:
   * root's log is the host's.
   */
  eventsFromNow(): () => readonly Event[] {
    const log = () => (fs.existsSync(this.events) ? fs.readFileSync(this.events, "utf8") : "");
    const before = log().length;
    return () =>
      log()
        .slice(before)
        .split("\n")
        .filter((line) => line.includes(this.try))
        .map((line) => JSON.parse(line) as Event);
  }

  /** Ready plans made from this scene's policy file: plans name it among their facts. */
  planFiles(): readonly string[] {
    if (!fs.existsSync(this.plans)) return [];
    return fs
      .readdirSync(this.plans)
      .filter((name) => name.startsWith("scene-") && name.endsWith(".plan"))
      .map((name) => path.join(this.plans, name))
      .filter((file) => fs.readFileSync(file).includes(this.policy));
  }

  close(): void {
    for (const file of this.planFiles()) fs.rmSync(file);
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** One running `try`: a line goes in, a word comes out. */
export class Conversation {
  readonly process: ChildProcess;
  private text = "";

  constructor(child: ChildProcess) {
    this.process = child;
    child.stdout?.on("data", (chunk: Buffer) => {
      this.text += chunk.toString();
    });
  }

  /**
   * @throws Error when the process ends instead of answering, or says nothing for {@link
   * RUN_TIMEOUT_MS}
   */
  async ask(line: string): Promise<string> {
    this.process.stdin?.write(`${line}\n`);
    return await this.heard(line);
  }

  /** The next line that it prints; `after` is what it was told. Throws as {@link ask}. */
  async heard(after: string): Promise<string> {
    for (const end = Date.now() + RUN_TIMEOUT_MS; !this.text.includes("\n"); ) {
      if (this.process.exitCode !== null || Date.now() > end)
        throw new Error(`no answer to ${after}: ${this.process.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const [word = "", ...rest] = this.text.split("\n");
    this.text = rest.join("\n");
    return word;
  }

  async end(): Promise<number | null> {
    const { process: child } = this;
    if (child.exitCode !== null) return child.exitCode;
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.stdin?.end();
    await ended;
    return child.exitCode;
  }
}
