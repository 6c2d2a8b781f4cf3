/** What the tests of the bpf-lsm engine share inside the virtual machine. */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { canonicalNames } from "../../../src/compile/canonical-names.ts";
import { hostSnapshot } from "../../../src/compile/host-snapshot.ts";
import {
  type Beside,
  type NumberOf,
  nothingBeside,
  policyTable,
} from "../../../src/compile/lsm/policy-table.ts";
import { withDescendants } from "../../../src/domains/descendants.ts";
import { LsmEngine } from "../../../src/kernel/bpf/lsm/engine.ts";
import { EventReader, type LsmEvent } from "../../../src/kernel/bpf/lsm/event-reader.ts";
import { LAYOUT } from "../../../src/kernel/bpf/lsm/layout.ts";
import { loadLsm } from "../../../src/kernel/bpf/lsm/load.ts";
import { type Generation, generations } from "../../../src/kernel/bpf/lsm/pins.ts";
import { loadLibrary } from "../../../src/kernel/ffi.ts";
import { groups } from "../../../src/kernel/syscall-groups.ts";
import { all } from "../../../src/kernel/syscalls.ts";
import type { Level } from "../../../src/model/level.ts";
import { ownRules } from "../../../src/model/own-objects.ts";
import { Permission, permissionLetters } from "../../../src/model/permission.ts";
import type { Policy } from "../../../src/model/policy.ts";
import type { NameRule, TokenRule } from "../../../src/model/rule.ts";
import { loadPolicy } from "../../../src/policy/load.ts";

export const PINS = "/sys/fs/bpf/cofferdam";
/** As `../lsm.test.ts` has them compiled: test/properties/try.c, and those of test/lsm/. */
export const TRY = "/vm/try";
export const CROWD = "/vm/crowd";
export const ACT = "/vm/act";
export const MOVING = "/vm/moving";

/** The clone, under its own name. */
export const home = join(import.meta.dirname, "../../..");
export const COFFERDAM = join(home, "bin/cofferdam");
/** The host's policies. */
export const DOMAINS = "/etc/cofferdam/domains";
const shipped = join(home, "domains");
const POLICY = "/root/case.yaml";

/** How long an answer may take in a machine that emulates, in milliseconds. */
const ANSWER_MS = 600_000;

/**
 * `rw /a/**`, `deny r /b`, `listen /s`, `connect /s`; as the lines of a policy, one pattern each.
 */
export function rules(...lines: readonly string[]): readonly NameRule[] {
  return lines.map((line) => {
    const words = line.split(" ");
    const effect = words[0] === "deny" ? "deny" : "allow";
    const [what = "", pattern = ""] = words.slice(effect === "deny" ? 1 : 0);
    const permissions =
      what === "listen" || what === "connect"
        ? Permission[what]
        : [...what].reduce((set, letter) => set | permissionLetters[letter as "r"], 0);
    const source = { file: "test", line: 1, column: 1, text: line };
    return { effect, permissions, pattern, source };
  });
}

/** A policy of these lines, with canonical names. */
export function policyOf(
  files: readonly string[],
  network: readonly string[],
  resolve = (name: string) => name,
): Policy {
  const list = (key: string, lines: readonly string[]) =>
    lines.length === 0 ? "" : `${key}:\n${lines.map((one) => `  - ${resolve(one)}\n`).join("")}`;
  const sections = list("files", files) + list("network", network);
  return policyOfText(`domain: case\nsummary: generated\n${sections}`);
}

/** Nothing is known of system calls, which the engine does not hold. */
const vocabulary = {
  syscalls: new Set<string>(),
  groups: new Map<string, readonly string[]>([["@system-service", []]]),
};

/** The policy of a file's text, with canonical names. */
export function policyOfText(text: string): Policy {
  fs.writeFileSync(POLICY, text);
  const { policy, diagnostics } = loadPolicy(POLICY, { vocabulary, abstractions: [] });
  if (policy === null) throw new Error(`${JSON.stringify(diagnostics)}\n${text}`);
  const names = canonicalNames(policy, hostSnapshot(), [], []);
  if ("problems" in names) throw new Error(JSON.stringify(names.problems));
  return names.policy;
}

/**
 * The policy of a file, which becomes root's, with canonical names. `own`: folders of Cofferdam's.
 */
export function policyOfFile(file: string, own: readonly string[]): Policy {
  fs.chownSync(file, 0, 0);
  const known = { syscalls: new Set(all()), groups: new Map(Object.entries(groups())) };
  const abstractions = [join(home, "domains/abstractions")];
  const { policy, diagnostics } = loadPolicy(file, { vocabulary: known, abstractions });
  if (policy === null) throw new Error(JSON.stringify(diagnostics));
  const names = canonicalNames(policy, hostSnapshot(), own, [file]);
  if ("problems" in names) throw new Error(JSON.stringify(names.problems));
  return names.policy;
}

/** As if another version's object were attached; what was there before. */
export function asOfAnotherVersion(layout = LAYOUT): Generation {
  const [before] = generations(PINS);
  if (before === undefined) throw new Error("the engine is not attached");
  const nameOf = (rest: string) => `${PINS}/programs-${before.number}-${rest}`;
  fs.renameSync(nameOf(`${before.layout}-${before.digest}`), nameOf(`${layout}-0`));
  return before;
}

/** And as if that version's maps had another layout, too. */
export function asOfAnotherLayout(): Generation {
  fs.renameSync(`${PINS}/maps-${LAYOUT}`, `${PINS}/maps-${OTHER_LAYOUT}`);
  return asOfAnotherVersion(OTHER_LAYOUT);
}

export const OTHER_LAYOUT = LAYOUT + 1;
/** For programs that no others are attached beside. */
export const nothingToFill = (): void => undefined;

/** The shipped policies would be compiled, too: only what they include is left. */
export function hideShipped(): void {
  execFileSync("/vm/busybox", ["cp", "-a", join(shipped, "abstractions"), "/tmp"]);
  execFileSync("/vm/busybox", ["mount", "-t", "tmpfs", "none", shipped]);
  execFileSync("/vm/busybox", ["cp", "-a", "/tmp/abstractions", shipped]);
}

export function showShipped(): void {
  execFileSync("/vm/busybox", ["umount", shipped]);
}

const nextMap = loadLibrary("libbpf.so.1").func(
  "int bpf_map_get_next_id(uint32_t start, _Out_ uint32_t *next)",
);

/** Of all programs of the machine. */
export function mapsInKernel(): number {
  const id = [0];
  for (let count = 0; ; count++) if (nextMap(id[0], id) < 0) return count;
}

/** Beside the outcomes: `../lsm.test.ts` shows it, and meanwhile the machine's console. */
export function measured(what: string, value: number): void {
  const line = `measured: ${what}: ${value.toFixed(2)}`;
  console.log(line);
  fs.appendFileSync("/dev/console", `${line}\n`);
}

/** A granted word. */
export function word<T extends string>(token: T): TokenRule<T> {
  return { effect: "allow", token, source: { file: "test", line: 1, column: 1, text: token } };
}

export class Lsm {
  readonly engine: LsmEngine;
  readonly reader: EventReader;

  constructor() {
    if (generations(PINS).length === 0) loadLsm(PINS, nothingToFill);
    const engine = LsmEngine.open(PINS);
    if (engine === null) throw new Error("the engine is not attached");
    this.engine = engine;
    this.reader = new EventReader(engine.events);
  }

  domain(
    number: number,
    level: Level,
    names: readonly NameRule[],
    beside: Partial<Beside> = {},
    numberOf: NumberOf = () => null,
  ): void {
    const all = { ...nothingBeside, ...beside };
    const table = policyTable([...names, ...ownRules(["/own"], [])], all, numberOf);
    this.engine.setPolicy(number, table);
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

interface Run extends SpawnOptions {
  /** Called with its process before the program is executed. */
  readonly adopt?: ((pid: number) => unknown) | undefined;
}

/** Runs a program to its end. What it prints is read byte by byte, as Latin-1. */
export async function runs(
  command: readonly string[],
  { adopt, ...options }: Run,
): Promise<{ readonly status: number | null; readonly out: string; readonly err: string }> {
  const waits = ["sh", "-c", 'read go; exec "$0" "$@" </dev/null', ...command];
  const child = spawn("/vm/busybox", waits, { ...options, killSignal: "SIGKILL" });
  const said = { out: "", err: "" };
  child.stdout?.on("data", (chunk: Buffer) => (said.out += chunk.toString("latin1")));
  child.stderr?.on("data", (chunk: Buffer) => (said.err += chunk.toString("latin1")));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  adopt?.(child.pid as number);
  child.stdin?.end("\n");
  return { status: await ended, ...said };
}
