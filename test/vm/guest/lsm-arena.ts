/** What the tests of the bpf-lsm engine share inside the virtual machine. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { nameTable } from "../../../src/compile/lsm/name-table.ts";
import { withDescendants } from "../../../src/domains/descendants.ts";
import { LsmEngine } from "../../../src/kernel/bpf/lsm/engine.ts";
import { loadLsm } from "../../../src/kernel/bpf/lsm/load.ts";
import type { Level } from "../../../src/model/level.ts";
import { ownRules } from "../../../src/model/own-objects.ts";
import { Permission, permissionLetters } from "../../../src/model/permission.ts";
import type { NameRule } from "../../../src/model/rule.ts";
import { EventReader, type LsmEvent } from "./lsm-events.ts";

export const PINS = "/sys/fs/bpf/cofferdam";
/** As `../lsm.test.ts` has them compiled: test/properties/try.c, test/lsm/crowd.c and act.c. */
export const TRY = "/vm/try";
export const CROWD = "/vm/crowd";
export const ACT = "/vm/act";

/** How long an answer may take in a machine that emulates, in milliseconds. */
const ANSWER_MS = 600_000;

/** `rw /a/**`, `deny r /b`, `listen /s`; as the lines of a policy, one pattern each. */
export function rules(...lines: readonly string[]): readonly NameRule[] {
  return lines.map((line) => {
    const words = line.split(" ");
    const effect = words[0] === "deny" ? "deny" : "allow";
    const [what = "", pattern = ""] = words.slice(effect === "deny" ? 1 : 0);
    const permissions =
      what === "listen"
        ? Permission.listen
        : [...what].reduce((set, letter) => set | permissionLetters[letter as "r"], 0);
    const source = { file: "test", line: 1, column: 1, text: line };
    return { effect, permissions, pattern, source };
  });
}

export class Lsm {
  readonly engine: LsmEngine;
  readonly reader: EventReader;

  constructor() {
    loadLsm(PINS);
    const engine = LsmEngine.open(PINS);
    if (engine === null) throw new Error("the engine is not attached");
    this.engine = engine;
    this.reader = new EventReader(engine.events);
  }

  domain(number: number, level: Level, names: readonly NameRule[], words = 0): void {
    this.engine.setPolicy(number, nameTable([...names, ...ownRules(["/own"], [])], words));
    this.engine.setLevel(number, level);
  }

  events(domain: number): readonly LsmEvent[] {
    return this.reader.take().filter((event) => event.domain === domain);
  }
}

/** A process that tries what it is told: `test/properties/try.c` and programs like it. */
export class Trying {
  static readonly #running = new Set<ChildProcess>();
  readonly child: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: ((line: string) => void)[] = [];

  /** Ends what a failed test has left. */
  static endAll(): void {
    for (const child of Trying.#running) child.kill("SIGKILL");
    Trying.#running.clear();
  }

  constructor(program = TRY, args: readonly string[] = []) {
    this.child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    Trying.#running.add(this.child);
    if (this.child.stdout === null) throw new Error("no output");
    this.#lines = createInterface(this.child.stdout);
    this.#lines.on("line", (line) => this.#waiting.shift()?.(line));
  }

  get pid(): number {
    return this.child.pid as number;
  }

  does(line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no answer to: ${line}`)), ANSWER_MS);
      this.#waiting.push((answer) => {
        clearTimeout(late);
        resolve(answer);
      });
      this.child.stdin?.write(`${line}\n`);
    });
  }

  /** Whose answer does not matter. */
  ignores(line: string): void {
    this.#waiting.push(() => undefined);
    this.becomes(line);
  }

  /** What is not answered, because another program answers from there on. */
  becomes(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** One answer a line. */
  async all(lines: readonly string[]): Promise<readonly string[]> {
    const answers: string[] = [];
    for (const line of lines) answers.push(await this.does(line));
    return answers;
  }

  /** It and its descendants. */
  family(): readonly number[] {
    return withDescendants(this.pid);
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.stdin?.end();
    await ended;
    Trying.#running.delete(this.child);
  }
}
