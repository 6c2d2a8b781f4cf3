import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import * as readline from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type { Event } from "../../../src/events/event.ts";
import { compileC } from "../../support/compile-c.ts";
import { needsRoot } from "../../support/skip.ts";
import { PrivateHost } from "../private-host.ts";

export const TIMEOUT_MS = 120_000;
export const PATIENCE_MS = 60_000;
export const DOMAIN = "sends-test";
export const binary = path.resolve(import.meta.dirname, "../../../bin/cofferdam");

export let host: PrivateHost;
let agent: ChildProcess;
export let program: string;
const daemons: Sender[] = [];

/** Such a host for the tests of a file, at level warning before each of them. */
export function withSenderHost(): void {
  beforeEach(async (context) => {
    needsRoot(context);
    policy("connect udp 127.0.0.1:47001");
    await give("warning");
  });
  beforeAll(async () => {
    if (process.getuid?.() !== 0) return;
    host = await PrivateHost.start();
    program = host.at("sends");
    compileC(program, path.join(import.meta.dirname, "sends.c"), ["-O1", "-Wall", "-Wextra"]);
    fs.writeFileSync(host.at("counters"), Buffer.alloc(4096));
    policy("connect udp 127.0.0.1:47001");
    agent = await host.agent();
  }, TIMEOUT_MS);
  afterEach(async () => {
    for (const daemon of daemons.splice(0)) await daemon.end();
  });
  afterAll(async () => {
    if (agent !== undefined) await host?.kill(agent);
    await host?.close();
  }, TIMEOUT_MS);
}

/** The agent is killed; `work` is done without one; another one starts. */
export async function withoutAgent(work: () => Promise<void>): Promise<void> {
  await host.kill(agent);
  await work();
  agent = await host.agent();
}

interface Start {
  /** Of `cofferdam run`, before the domain's name. */
  readonly run?: readonly string[];
  /**
   * Sockets of socket activation: `udp`, `tcp` and `unix-dgram` are bound, `tcp-listen` and `unix`
   * listen; `tcp:PORT`. A newer kernel connects no socket that has listened (6.18.44: EINVAL).
   */
  readonly sockets?: readonly string[];
  /** The control group in which these are made. */
  readonly madeIn?: string;
  /** One that was started in another way. */
  readonly child?: ChildProcess;
}

/** Becomes its arguments, with such sockets as systemd passes them (sd_listen_fds(3)). */
export const passing = `
import os, socket, sys
count = int(sys.argv[1])
group = os.environ.pop("MADE_IN", "")
def enter(path):
    with open(f"{path}/cgroup.procs", "w") as procs: procs.write("0")
if group: enter(group)
for at, kind in enumerate(sys.argv[2:2 + count]):
    kind, _, port = kind.partition(":")
    family = socket.AF_UNIX if kind.startswith("unix") else socket.AF_INET
    is_stream = kind in ("tcp", "tcp-listen", "unix")
    made = socket.socket(family, socket.SOCK_STREAM if is_stream else socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    name = f"\\0sends-test-{os.getpid()}-{at}"
    made.bind(name if family == socket.AF_UNIX else ("127.0.0.1", int(port or 0)))
    if kind in ("tcp-listen", "unix"): made.listen()
    os.dup2(made.fileno(), 100 + at)
if group: enter(os.path.dirname(group))
for at in range(count): os.dup2(100 + at, 3 + at)
os.closerange(3 + count, 200)
os.environ.update(LISTEN_FDS=str(count), LISTEN_PID=str(os.getpid()))
os.execvp(sys.argv[2 + count], sys.argv[2 + count:])
`;

export class Sender {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #errors = "";

  constructor({ run = [], sockets = [], madeIn = "", child }: Start = {}) {
    const front = [...host.inside, binary, "run", ...run, DOMAIN, "--", program];
    const passed = ["python3", "-c", passing, String(sockets.length), ...sockets, ...front];
    const [command = "", ...args] = sockets.length === 0 ? front : passed;
    const env = { ...process.env, MADE_IN: madeIn };
    this.#child = child ?? spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], cwd: "/", env });
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error("no pipes");
    stderr.on("data", (data) => {
      this.#errors += data;
    });
    this.#lines = readline.createInterface({ input: stdout })[Symbol.asyncIterator]();
    daemons.push(this);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** No program of a control group holds it: the mediator is asked about each call. */
  get isAsked(): boolean {
    return /\.0{16}\/\d+$/m.test(fs.readFileSync(`/proc/${this.pid}/cgroup`, "latin1"));
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  async said(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`it has ended: ${this.#errors}`);
    return value;
  }

  async ask(line: string): Promise<string> {
    this.tell(line);
    return await this.said();
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.stdin?.end();
    await ended;
  }
}

const supervised = "level: warning\nmediation: supervised\n";

export function policy(...network: readonly string[]): void {
  policyOf(supervised, network);
}

export function policyOf(level: string, network: readonly string[]): void {
  const lines = network.map((line) => `  - ${line}\n`).join("");
  host.policy(
    DOMAIN,
    `summary: a test
${level}include: [base]
inherit: [stdio, stdio-sockets, listen]
files:
  - rx ${program}
  - rw ${host.at("counters")}
syscalls: ["@system-service"]
network:
  - listen udp 47001
  - connect tcp 47001
  - connect unix @sends-granted
${lines}`,
  );
}

export async function give(level: string): Promise<void> {
  await host.ask("PUT", `/domains/${DOMAIN}/level`, { level });
}

/** What the log has of sockets since: `VERDICT OBJECT`, each once, and the sum of their counts. */
export async function told(
  since: number,
  ...wanted: readonly string[]
): Promise<Map<string, number>> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const sums = new Map<string, number>();
    for (const event of host.events().slice(since)) {
      if (event.domain !== DOMAIN || !isSocket(event)) continue;
      const key = `${event.verdict} ${event.object}`;
      sums.set(key, (sums.get(key) ?? 0) + event.count);
    }
    if (wanted.every((key) => sums.has(key)) || Date.now() > until) return sums;
    await pause(50);
  }
}

export function isSocket({ class: kind, operation }: Event): boolean {
  return kind === "address" || kind === "socket" || (kind === "name" && operation === "connect");
}

/** How often the process waited: at least once for each call that the mediator is asked about. */
export function switches(pid: number): number {
  const status = fs.readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^voluntary_ctxt_switches:\t(\d+)$/m.exec(status)?.[1]);
}
