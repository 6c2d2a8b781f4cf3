import { type ChildProcessByStdio, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Event } from "../../src/events/event.ts";
import { hasCode } from "../../src/kernel/errno-error.ts";
import type { Arena } from "./arena.ts";

export interface Attempted {
  readonly status: number;
  readonly pid: number;
  readonly text: string;
}

export interface Start {
  readonly confined: boolean;
  /** Where events go instead of the log, which other tests write and cut off at the same time. */
  readonly events?: string;
  readonly environment?: Record<string, string>;
}

/** A domain that is started otherwise than by the front. */
export interface Elsewhere {
  readonly log: string;
  readonly environment?: Record<string, string>;
  readonly command: (line: readonly string[]) => [string, string[]];
}

/** Whether any process has the file open. */
function isOpen(file: string): boolean {
  return fs
    .readdirSync("/proc")
    .some((pid) => /^\d+$/.test(pid) && descriptorsOf(pid).includes(file));
}

function descriptorsOf(pid: string): readonly (string | null)[] {
  const folder = `/proc/${pid}/fd`;
  return (unlessGone(() => fs.readdirSync(folder)) ?? []).map((fd) =>
    unlessGone(() => fs.readlinkSync(`${folder}/${fd}`)),
  );
}

/**
 * Processes end, and those of others are hidden from an ordinary user. An attack of another suite
 * may have a file open whose path is longer than the kernel tells (ENAMETOOLONG).
 */
function unlessGone<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH", "EACCES", "EPERM", "ENAMETOOLONG")) return null;
    throw error;
  }
}

type Piped = ChildProcessByStdio<Writable, Readable, Readable>;

/** Many attacks in one start of the attacker's domain, or outside every domain (`series.c`). */
export class Series {
  readonly #domain: string;
  readonly #log: string;
  readonly #before: number;
  /** Whether something beside the mediator writes events. */
  readonly #collects: boolean;
  readonly #process: Piped;
  readonly #ended: Promise<number | null>;
  readonly #answers: AsyncIterator<string>;
  #error = "";

  constructor(arena: Arena, start: Start | Elsewhere) {
    const line = [path.join(arena.bin, "series"), arena.bin];
    const [command, args] = "log" in start ? start.command(line) : arena.command(start, line);
    this.#domain = arena.domain;
    this.#log = "log" in start ? start.log : (start.events ?? arena.log);
    this.#collects = !("log" in start) && start.events !== undefined;
    this.#before = fs.statSync(this.#log, { throwIfNoEntry: false })?.size ?? 0;
    const secret = fs.openSync(path.join(arena.scratch, "secret/file"), "r");
    const series = spawn(command, args, {
      env: arena.environment(start),
      stdio: ["pipe", "pipe", "pipe", secret],
    }) as Piped;
    fs.closeSync(secret);
    series.stderr.on("data", (text: Buffer) => {
      this.#error += text;
    });
    this.#process = series;
    this.#ended = new Promise((resolve) => series.once("close", resolve));
    this.#answers = createInterface({ input: series.stdout })[Symbol.asyncIterator]();
  }

  /** One attack, from the main thread or from another. */
  async attack(name: string, thread: boolean): Promise<Attempted> {
    this.#process.stdin.write(`${name} ${thread ? "thread" : "main"}\n`);
    const { value, done } = await this.#answers.next();
    const [, status, pid, text] = /^(\d+) (\d+) (.*)$/.exec(value ?? "") ?? [];
    if (done || status === undefined)
      throw new Error(`the series ended at ${name}: ${this.#error}`);
    return { status: Number(status), pid: Number(pid), text: text ?? "" };
  }

  /** Ends it; what the domain's log has got since it began. */
  async end(): Promise<readonly Event[]> {
    this.#process.stdin.end();
    const status = await this.#ended;
    if (status !== 0) throw new Error(`the series ended with status ${status}: ${this.#error}`);
    return this.events();
  }

  /** Whether events are still being written: the collector ends some time after the series. */
  get isCollecting(): boolean {
    return this.#collects && isOpen(this.#log);
  }

  /**
   * Of whole lines: the last one may be being written. Rotation would hide events; a test of this
   * size is far from it.
   */
  events(): readonly Event[] {
    if (!fs.existsSync(this.#log)) return [];
    const text = fs.readFileSync(this.#log).subarray(this.#before).toString();
    return text
      .slice(0, text.lastIndexOf("\n") + 1)
      .split("\n")
      .filter((line) => line.includes(`"${this.#domain}"`))
      .map((line): Event => JSON.parse(line).event ?? JSON.parse(line))
      .filter((event) => event.domain === this.#domain);
  }
}
