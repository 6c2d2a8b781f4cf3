/**
 * The part of `../lsm.ts` that runs inside the virtual machine, as root: prints one JSON line a
 * figure, {@link Figure}.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { PUBLIC_PROGRAM } from "../../src/base/modes.ts";
import { policyTable } from "../../src/compile/lsm/policy-table.ts";
import { LsmEngine } from "../../src/kernel/bpf/lsm/engine.ts";
import { loadLsm } from "../../src/kernel/bpf/lsm/load.ts";
import { type Level, levels } from "../../src/model/level.ts";
import type { Policy } from "../../src/model/policy.ts";
import { PINS, policyOfText } from "../../test/vm/guest/lsm-arena.ts";

export interface Figure {
  readonly operation: string;
  readonly setting: string;
  /** Nanoseconds, each an instruction of the machine's. */
  readonly each: number;
}

/** As `../lsm.ts` puts them into the machine. */
const { COFFERDAM: cofferdam = "" } = process.env;
const DOMAIN = 50;
const ROUNDS = 9;
const MANY_RULES = 10_000;
const MANY_DOMAINS = 10_000;

/** In a folder of its own each, so that every setting executes the same name at the same depth. */
const programs = { outside: "/vm/o/micro", apparmor: "/vm/a/micro", labelled: "/vm/l/micro" };
for (const program of Object.values(programs)) {
  fs.mkdirSync(program.replace(/\/micro$/, ""));
  fs.copyFileSync("/vm/micro", program);
  fs.chmodSync(program, PUBLIC_PROGRAM);
}

const files = { shallow: "/b/c/file", deep: "/b/c/d/e/f/g/h/i/j/k/l/file" };
const writable = "/b/w";
const socket = "/b/socket";
fs.mkdirSync("/b/c/d/e/f/g/h/i/j/k/l", { recursive: true });
fs.mkdirSync(writable);
for (const file of Object.values(files)) fs.writeFileSync(file, "x");

const acceptor = spawn("/vm/accept", [socket], { stdio: ["pipe", "pipe", "inherit"] });
const [said] = await once(acceptor.stdout, "data");
const port = Number(said);

const operations = {
  "open+close, depth 3": ["open", "200", files.shallow],
  "open+close, depth 12": ["open", "200", files.deep],
  "stat, depth 3": ["stat", "200", files.shallow],
  "create+unlink": ["create", "50", `${writable}/n`],
  "fork+exec of true": ["exec", "5", "/usr/bin/true"],
  fork: ["fork", "20", "-"],
  "connect+close, loopback": ["connect", "50", String(port)],
  "connect+close, unix": ["unix", "50", socket],
  "pipe, there and back": ["pipe", "100", "-"],
} as const;
type Operation = keyof typeof operations;

function measure(operation: Operation, setting: string, command: readonly string[]): void {
  const [name, perRound, argument] = operations[operation];
  const [program = "", ...args] = [...command, name, String(ROUNDS), perRound, argument];
  const output = "/tmp/figures";
  // A file: what is sealed inherits no pipe of Node's.
  const stdout = fs.openSync(output, "w");
  execFileSync(program, args, { stdio: ["ignore", stdout, "inherit"], cwd: "/" });
  fs.closeSync(stdout);
  const rounds = fs.readFileSync(output, "utf8").trim().split("\n").map(Number);
  print({ operation, setting, each: Math.min(...rounds) });
}

function print(figure: Figure): void {
  process.stdout.write(`${JSON.stringify(figure)}\n`);
}

function measureAll(setting: string, command: readonly string[]): void {
  for (const operation of Object.keys(operations) as Operation[])
    measure(operation, setting, command);
}

/** The same grants as `../lsm.ts` gives AppArmor. */
function policyText(more: readonly string[]): string {
  const lines = [
    `rx ${Object.values(programs).join(" ")} /vm/micro`,
    "rx /usr/bin/true",
    "rmx /usr/lib/**",
    "r /etc/ld.so.cache",
    `r ${files.shallow} /b/c/d/**`,
    `rwcd ${writable}/**`,
    "rwa /tmp/figures",
    ...more,
  ];
  return `summary: benchmark
files:
${lines.map((line) => `  - ${line}\n`).join("")}network:
  - connect tcp ${port}
  - connect unix ${socket}
syscalls: ["@system-service"]
inherit: [stdio]
signals: [self]
`;
}

function policyOf(more: readonly string[] = []): Policy {
  return policyOfText(policyText(more));
}

function put(engine: LsmEngine, number: number, policy: Policy, level: Level): void {
  engine.setPolicy(
    number,
    policyTable(policy.names, policy, () => null),
  );
  engine.setLevel(number, level);
}

measureAll("nothing", [programs.outside]);

execFileSync("apparmor_parser", ["--replace", "--skip-cache", "/vm/profile"]);
measureAll("AppArmor", [programs.apparmor]);

fs.writeFileSync("/root/sealed.yaml", policyText([]));
measureAll("landlock", [cofferdam, "run", "--policy", "/root/sealed.yaml", "--", "/vm/micro"]);

loadLsm(PINS);
using engine = LsmEngine.open(PINS);
if (engine === null) throw new Error("the engine is not attached");
measureAll("unlabelled", [programs.outside]);
engine.setExecutable(0, programs.labelled, DOMAIN);
for (const level of levels) {
  put(engine, DOMAIN, policyOf(), level);
  measureAll(level, [programs.labelled]);
}

const opened = "open+close, depth 3";
const many = Array.from({ length: MANY_RULES }, (_, index) => `r /s/${index}/**`);
put(engine, DOMAIN, policyOf(many), "enforcing");
measure(opened, `${MANY_RULES} rules`, [programs.labelled]);
const usual = policyOf();
const small = policyTable(usual.names, usual, () => null);
for (let number = 1; number <= MANY_DOMAINS; number++) {
  engine.setPolicy(number, small);
  engine.setLevel(number, "enforcing");
}
measure(opened, `${MANY_DOMAINS} domains`, [programs.labelled]);
measure(opened, `${MANY_DOMAINS} domains, unlabelled`, [programs.outside]);
acceptor.kill("SIGKILL");
process.exit(0);
