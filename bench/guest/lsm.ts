/**
 * The part of `../lsm.ts` that runs inside the virtual machine, as root: prints one JSON line a
 * figure, {@link Figure}.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PUBLIC_PROGRAM } from "../../src/base/modes.ts";
import { policyTable } from "../../src/compile/lsm/policy-table.ts";
import { LsmEngine } from "../../src/kernel/bpf/lsm/engine.ts";
import { loadLsm } from "../../src/kernel/bpf/lsm/load.ts";
import { type Level, levels } from "../../src/model/level.ts";
import type { Policy } from "../../src/model/policy.ts";
import { PINS, policyOfText } from "../../test/vm/guest/lsm-arena.ts";
import {
  makeServerFolders,
  type Server,
  serverFiles,
  serverNetwork,
  servers,
} from "./lsm-servers.ts";

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
/** Milliseconds between looks whether a server answers. */
const ANSWER_AGAIN_MS = 20;
const MANY_RULES = 10_000;
const MANY_DOMAINS = 10_000;

/** One for each way of being held: every setting executes names of the same depth. */
const folders = { outside: "/vm/o", apparmor: "/vm/a", labelled: "/vm/l" };
for (const folder of Object.values(folders)) {
  fs.mkdirSync(folder);
  for (const program of ["/vm/micro", ...servers.map((server) => server.program)]) {
    const copy = path.join(folder, path.basename(program));
    fs.copyFileSync(program, copy);
    fs.chmodSync(copy, PUBLIC_PROGRAM);
  }
}
makeServerFolders();

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

/** How a program of a folder is started there, with arguments. */
type Start = (program: string, args: readonly string[]) => readonly string[];

const from =
  (folder: string): Start =>
  (program, args) => [path.join(folder, path.basename(program)), ...args];

function measure(operation: Operation, setting: string, start: Start): void {
  const [name, perRound, argument] = operations[operation];
  print({ operation, setting, each: lowest(start("micro", of(name, perRound, argument))) });
}

const of = (name: string, perRound: string, argument: string) => [
  ...[name, String(ROUNDS), perRound, argument],
];

function lowest([program = "", ...args]: readonly string[]): number {
  const output = "/tmp/figures";
  // A file: what is sealed inherits no pipe of Node's.
  const stdout = fs.openSync(output, "w");
  execFileSync(program, args, { stdio: ["ignore", stdout, "inherit"], cwd: "/" });
  fs.closeSync(stdout);
  return Math.min(...fs.readFileSync(output, "utf8").trim().split("\n").map(Number));
}

/** The client is in no domain. */
async function measureServer(server: Server, setting: string, start: Start): Promise<void> {
  const [program = "", ...args] = start(server.program, server.args);
  const running = spawn(program, args, { stdio: "ignore", cwd: "/" });
  const ended = once(running, "exit");
  const ask = (perRound: string) =>
    from(folders.outside)("micro", of(server.asked, perRound, String(server.port)));
  const [client = "", ...first] = ask("1");
  while (spawnSync(client, first).status !== 0) {
    if (running.exitCode !== null) throw new Error(`${program} ended with ${running.exitCode}`);
    await pause(ANSWER_AGAIN_MS);
  }
  print({ operation: server.what, setting, each: lowest(ask("50")) });
  running.kill("SIGTERM");
  await ended;
}

function print(figure: Figure): void {
  process.stdout.write(`${JSON.stringify(figure)}\n`);
}

async function measureAll(setting: string, start: Start): Promise<void> {
  for (const operation of Object.keys(operations) as Operation[])
    measure(operation, setting, start);
  for (const server of servers) await measureServer(server, setting, start);
}

/** The same grants as `../lsm.ts` gives AppArmor. */
function policyText(more: readonly string[]): string {
  const lines = [
    "rx /vm/micro /vm/*/* /usr/bin/true",
    `rx ${servers.map(({ program }) => program).join(" ")}`,
    "rmx /usr/lib/**",
    "r /etc/ld.so.cache",
    `r ${files.shallow} /b/c/d/**`,
    `rwcd ${writable}/**`,
    "rwa /tmp/figures",
    ...serverFiles,
    ...more,
  ];
  return `summary: benchmark
files:
${lines.map((line) => `  - ${line}\n`).join("")}network:
  - connect tcp ${port}
  - connect unix ${socket}
${serverNetwork.map((line) => `  - ${line}\n`).join("")}syscalls: ["@system-service"]
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

await measureAll("nothing", from(folders.outside));

execFileSync("apparmor_parser", ["--replace", "--skip-cache", "/vm/profile"]);
await measureAll("AppArmor", from(folders.apparmor));

fs.writeFileSync("/root/sealed.yaml", policyText([]));
const sealed = [cofferdam, "run", "--policy", "/root/sealed.yaml", "--"];
await measureAll("landlock", (program, args) => [
  ...sealed,
  program === "micro" ? "/vm/micro" : program,
  ...args,
]);

loadLsm(PINS, () => undefined);
using engine = LsmEngine.open(PINS);
if (engine === null) throw new Error("the engine is not attached");
await measureAll("unlabelled", from(folders.outside));
for (const name of fs.readdirSync(folders.labelled))
  engine.setExecutable(0, path.join(folders.labelled, name), DOMAIN);
for (const level of levels) {
  put(engine, DOMAIN, policyOf(), level);
  await measureAll(level, from(folders.labelled));
}

const opened = "open+close, depth 3";
const many = Array.from({ length: MANY_RULES }, (_, index) => `r /s/${index}/**`);
put(engine, DOMAIN, policyOf(many), "enforcing");
measure(opened, `${MANY_RULES} rules`, from(folders.labelled));
const usual = policyOf();
const small = policyTable(usual.names, usual, () => null);
for (let number = 1; number <= MANY_DOMAINS; number++) {
  engine.setPolicy(number, small);
  engine.setLevel(number, "enforcing");
}
measure(opened, `${MANY_DOMAINS} domains`, from(folders.labelled));
measure(opened, `${MANY_DOMAINS} domains, unlabelled`, from(folders.outside));
acceptor.kill("SIGKILL");
process.exit(0);
