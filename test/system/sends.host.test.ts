import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as readline from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { withDirectory } from "../../src/compile/cgroup/directory.ts";
import { anchorsFolder } from "../../src/domains/cgroup-path.ts";
import { listRuns } from "../../src/domains/runs.ts";
import type { Event } from "../../src/events/event.ts";
import { attachedIds } from "../../src/kernel/bpf/attach.ts";
import { attachTypes } from "../../src/kernel/bpf/attach-types.ts";
import { compileC } from "../support/compile-c.ts";
import { needsRoot } from "../support/skip.ts";
import { PrivateHost } from "./private-host.ts";

const TIMEOUT_MS = 120_000;
const PATIENCE_MS = 60_000;
const SWITCHES = 100;
/** Sends that are watched after each switch. */
const SENDS = 50n;
const DOMAIN = "sends-test";
const binary = path.resolve(import.meta.dirname, "../../bin/cofferdam");

let host: PrivateHost;
let agent: ChildProcess;
let program: string;
const daemons: Sender[] = [];

beforeEach(async (context) => {
  needsRoot(context);
  policy("connect udp 127.0.0.1:47001");
  if (agent !== undefined) await give("warning");
});
beforeAll(async () => {
  if (process.getuid?.() !== 0) return;
  host = await PrivateHost.start();
  program = host.at("sends");
  compileC(program, path.join(import.meta.dirname, "sends.c"), ["-O1", "-Wall", "-Wextra"]);
  fs.writeFileSync(host.at("counters"), Buffer.alloc(4096));
}, TIMEOUT_MS);
afterEach(async () => {
  for (const daemon of daemons.splice(0)) await daemon.end();
});
afterAll(async () => {
  if (agent !== undefined) await host?.kill(agent);
  await host?.close();
}, TIMEOUT_MS);

const NOBODY = 65_534;

interface Start {
  /** Of `cofferdam run`, before the domain's name. */
  readonly run?: readonly string[];
  /**
   * Sockets of socket activation: `udp`, `unix-dgram` are bound; `tcp`, `unix` listen; `tcp:PORT`.
   */
  readonly sockets?: readonly string[];
  /** The control group in which these are made. */
  readonly madeIn?: string;
  /** One that was started in another way. */
  readonly child?: ChildProcess;
}

/** Becomes its arguments, with such sockets as systemd passes them (sd_listen_fds(3)). */
const passing = `
import os, socket, sys
count = int(sys.argv[1])
group = os.environ.pop("MADE_IN", "")
def enter(path):
    with open(f"{path}/cgroup.procs", "w") as procs: procs.write("0")
if group: enter(group)
for at, kind in enumerate(sys.argv[2:2 + count]):
    kind, _, port = kind.partition(":")
    family = socket.AF_UNIX if kind.startswith("unix") else socket.AF_INET
    is_stream = kind in ("tcp", "unix")
    made = socket.socket(family, socket.SOCK_STREAM if is_stream else socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    name = f"\\0sends-test-{os.getpid()}-{at}"
    made.bind(name if family == socket.AF_UNIX else ("127.0.0.1", int(port or 0)))
    if is_stream: made.listen()
    os.dup2(made.fileno(), 100 + at)
if group: enter(os.path.dirname(group))
for at in range(count): os.dup2(100 + at, 3 + at)
os.closerange(3 + count, 200)
os.environ.update(LISTEN_FDS=str(count), LISTEN_PID=str(os.getpid()))
os.execvp(sys.argv[2 + count], sys.argv[2 + count:])
`;

class Sender {
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

function policy(...network: readonly string[]): void {
  policyOf(supervised, network);
}

function policyOf(level: string, network: readonly string[]): void {
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

async function give(level: string): Promise<void> {
  await host.ask("PUT", `/domains/${DOMAIN}/level`, { level });
}

/** What the log has of sockets since: `VERDICT OBJECT`, each once, and the sum of their counts. */
async function told(since: number, ...wanted: readonly string[]): Promise<Map<string, number>> {
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

function isSocket({ class: kind, operation }: Event): boolean {
  return kind === "address" || kind === "socket" || (kind === "name" && operation === "connect");
}

/** How often the process waited: at least once for each call that the mediator is asked about. */
function switches(pid: number): number {
  const status = fs.readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^voluntary_ctxt_switches:\t(\d+)$/m.exec(status)?.[1]);
}

const outside = [
  ["send udp 127.0.0.2 47001", "udp 127.0.0.2:47001"],
  ["send udp ::1 47002", "udp [::1]:47002"],
  ["message 127.0.0.2 47003", "udp 127.0.0.2:47003"],
  ["messages 8 127.0.0.2 47004", "udp 127.0.0.2:47004"],
  ["send tcp 127.0.0.2 47005", "tcp 127.0.0.2:47005"],
  ["unix dgram @sends-test-none", "@sends-test-none"],
  ["unix stream /run/sends-test-none", "/run/sends-test-none"],
] as const;

/** Without a receiver the kernel itself says so of some. */
const unconfined = ["OK", "OK", "OK", "8", "ECONNREFUSED", "ECONNREFUSED", "ENOENT"];

async function askAll(daemon: Sender): Promise<string[]> {
  const said: string[] = [];
  for (const [line] of outside) said.push(await daemon.ask(line));
  return said;
}

test("each destination is logged at warning, refused at enforcing, neither at disabled", {
  timeout: TIMEOUT_MS,
}, async () => {
  agent = await host.agent();
  const daemon = new Sender();
  const begun = host.events().length;
  expect(await askAll(daemon)).toEqual(unconfined);
  const objects = outside.map(([, object]) => object);
  const warned = await told(begun, ...objects.map((object) => `warning ${object}`));
  expect([...warned.keys()].sort()).toEqual(objects.map((object) => `warning ${object}`).sort());
  expect(warned.get("warning udp 127.0.0.2:47004")).toBe(8);
  await give("enforcing");
  const enforced = host.events().length;
  expect(await askAll(daemon)).toEqual(outside.map(() => "EACCES"));
  const denied = await told(enforced, ...objects.map((object) => `denied ${object}`));
  expect([...denied.keys()].sort()).toEqual(objects.map((object) => `denied ${object}`).sort());
  expect(await daemon.ask("send udp 127.0.0.1 47001")).toBe("OK");
  await give("disabled");
  await pause(500);
  const quiet = host.events().length;
  expect(await askAll(daemon)).toEqual(unconfined);
  await pause(1_000);
  expect([...(await told(quiet)).keys()]).toEqual([]);
  const event = host
    .events()
    .find(({ object, domain }) => domain === DOMAIN && object === "udp 127.0.0.2:47001");
  expect(event).toMatchObject({
    level: "warning",
    class: "address",
    operation: "connect",
    reason: "no-rule",
    allow: { section: "network", line: "connect udp 127.0.0.2:47001" },
    process: { pid: daemon.pid, uid: 0, executable: program },
  });
});

test("nothing that is sent is asked about, and binding still is", {
  timeout: TIMEOUT_MS,
}, async () => {
  const daemon = new Sender();
  await daemon.ask("send udp 127.0.0.2 47001");
  const before = switches(daemon.pid);
  const [went, refused] = (await daemon.ask("flood 1000 127.0.0.2 47001")).split(" ").map(Number);
  expect(refused).toBe(0);
  expect(went).toBeGreaterThan(1_000);
  // The lines of the test, its open socket, and whatever the clock did.
  expect(switches(daemon.pid) - before).toBeLessThan(100);
  const begun = host.events().length;
  expect(await daemon.ask("bind 127.0.0.1 47099")).toBe("OK");
  expect([...(await told(begun, "warning udp 127.0.0.1:47099")).keys()]).toContain(
    "warning udp 127.0.0.1:47099",
  );
});

test("levels switch under load, both ways: the next send sees the new one", {
  timeout: TIMEOUT_MS,
}, async () => {
  fs.writeFileSync(host.at("counters"), Buffer.alloc(4096));
  const daemon = new Sender();
  daemon.tell(`switched ${host.at("counters")} 127.0.0.2 47001`);
  const counts = () => {
    const bytes = fs.readFileSync(host.at("counters"));
    return { refused: bytes.readBigUInt64LE(16), went: bytes.readBigUInt64LE(24) };
  };
  const expectOnly = async (kind: "refused" | "went") => {
    const before = counts();
    let now = before;
    const until = Date.now() + PATIENCE_MS;
    while (now[kind] - before[kind] < SENDS && Date.now() < until) {
      await pause(0);
      now = counts();
    }
    const other = kind === "refused" ? "went" : "refused";
    // One may have been on its way.
    expect([kind, now[other] - before[other] <= 1n, now[kind] - before[kind] >= SENDS]).toEqual([
      kind,
      true,
      true,
    ]);
  };
  await expectOnly("went");
  for (let turn = 0; turn < SWITCHES; turn++) {
    await give("enforcing");
    await expectOnly("refused");
    await give(turn % 2 === 0 ? "warning" : "disabled");
    await expectOnly("went");
  }
  await give("warning");
  const over = fs.openSync(host.at("counters"), "r+");
  fs.writeSync(over, Buffer.of(1), 0, 1, 0);
  fs.closeSync(over);
  expect(await daemon.said()).toBe("OK");
});

test("a policy that is reloaded is in force for what runs and what starts later", {
  timeout: TIMEOUT_MS,
}, async () => {
  await give("enforcing");
  const daemon = new Sender();
  expect(await daemon.ask("send udp 127.0.0.2 47001")).toBe("EACCES");
  policy("connect udp 127.0.0.1:47001", "connect udp 127.0.0.2:47001", "connect unix @sends-*");
  await host.ask("POST", `/domains/${DOMAIN}/reload`);
  expect(await daemon.ask("send udp 127.0.0.2 47001")).toBe("OK");
  expect(await daemon.ask("unix dgram @sends-test-none")).toBe("ECONNREFUSED");
  const second = new Sender();
  expect(await second.ask("send udp 127.0.0.2 47001")).toBe("OK");
  policy("connect udp 127.0.0.1:47001");
  await host.ask("POST", `/domains/${DOMAIN}/reload`);
  for (const one of [daemon, second]) {
    expect(await one.ask("send udp 127.0.0.2 47001")).toBe("EACCES");
    expect(await one.ask("unix dgram @sends-test-none")).toBe("EACCES");
    expect(await one.ask("send udp 127.0.0.1 47001")).toBe("OK");
    await one.end();
  }
  // No process follows any longer: a policy that was not reloaded counts for new starts.
  await pause(1_000);
  policy("connect udp 127.0.0.3:47001");
  const third = new Sender();
  expect(await third.ask("send udp 127.0.0.3 47001")).toBe("OK");
  expect(await third.ask("send udp 127.0.0.1 47001")).toBe("EACCES");
  await third.end();
  policy("connect udp 127.0.0.1:47001");
  const fourth = new Sender();
  expect(await fourth.ask("send udp 127.0.0.1 47001")).toBe("OK");
  expect(await fourth.ask("send udp 127.0.0.3 47001")).toBe("EACCES");
});

test("an agent that is killed changes nothing; the next one brings what it finds up to the table", {
  timeout: TIMEOUT_MS,
}, async () => {
  await give("enforcing");
  const daemon = new Sender();
  expect(await daemon.ask("send udp 127.0.0.2 47001")).toBe("EACCES");
  await host.kill(agent);
  expect(await daemon.ask("send udp 127.0.0.2 47001")).toBe("EACCES");
  const late = new Sender();
  expect(await late.ask("send udp 127.0.0.2 47001")).toBe("EACCES");
  agent = await host.agent();
  await give("warning");
  for (const one of [daemon, late]) expect(await one.ask("send udp 127.0.0.2 47001")).toBe("OK");
});

test("without an agent, at a level of its own, a run's own mediator tells what is sent", {
  timeout: TIMEOUT_MS,
}, async () => {
  const begun = host.events().length;
  const daemon = new Sender({ run: ["--level", "warning"] });
  expect(await daemon.ask("send udp 127.0.0.2 47017")).toBe("OK");
  await give("enforcing");
  // It follows no table.
  expect(await daemon.ask("send udp 127.0.0.2 47018")).toBe("OK");
  await daemon.end();
  const warned = await told(begun, "warning udp 127.0.0.2:47017", "warning udp 127.0.0.2:47018");
  for (const port of [47017, 47018]) expect(warned.get(`warning udp 127.0.0.2:${port}`)).toBe(1);
});

test("a killed mediator loses none of what was sent meanwhile, and tells none twice", {
  timeout: TIMEOUT_MS,
}, async () => {
  const begun = host.events().length;
  const daemon = new Sender();
  expect(await daemon.ask("send udp 127.0.0.2 47021")).toBe("OK");
  await told(begun, "warning udp 127.0.0.2:47021");
  process.kill(host.mediator() ?? 0, "SIGKILL");
  expect(await daemon.ask("send udp 127.0.0.2 47022")).toBe("OK");
  // Asked about: its successor begins.
  expect(await daemon.ask("bind 127.0.0.1 47001")).toBe("OK");
  const warned = await told(begun, "warning udp 127.0.0.2:47022");
  expect(warned.get("warning udp 127.0.0.2:47021")).toBe(1);
  expect(warned.get("warning udp 127.0.0.2:47022")).toBe(1);
  // At the end of the run only the process started for it reads them.
  const last = host.mediator();
  if (last !== null) process.kill(last, "SIGKILL");
  expect(await daemon.ask("send udp 127.0.0.2 47023")).toBe("OK");
  await daemon.end();
  expect(
    (await told(begun, "warning udp 127.0.0.2:47023")).get("warning udp 127.0.0.2:47023"),
  ).toBe(1);
});

test("what many different destinations push out of the kernel's memory is counted", {
  timeout: TIMEOUT_MS,
}, async () => {
  const daemon = new Sender();
  const begun = host.events().length;
  const count = 9_000;
  await daemon.ask(`spread ${count} 127.0.0.4 50000`);
  await daemon.end();
  const until = Date.now() + PATIENCE_MS;
  const sum = () =>
    host
      .events()
      .slice(begun)
      .filter((event) => event.domain === DOMAIN)
      .filter((event) => isSocket(event) || ["lost", "folded"].includes(event.operation))
      .reduce((total, event) => total + event.count, 0);
  while (sum() < count && Date.now() < until) await pause(100);
  expect(sum()).toBe(count);
});

test("Cofferdam's own sockets are reached at no level", { timeout: TIMEOUT_MS }, async () => {
  const daemon = new Sender();
  for (const level of ["warning", "enforcing", "disabled"]) {
    await give(level);
    for (const name of ["/run/cofferdam/control.sock", "/var/run/cofferdam/mediator.sock"])
      expect([level, name, await daemon.ask(`unix stream ${name}`)]).toEqual([
        level,
        name,
        "EACCES",
      ]);
  }
});

test("sockets of socket activation: what programs of a control group hold is not asked about", {
  timeout: TIMEOUT_MS,
}, async () => {
  const listener = new Sender({ sockets: ["unix"] });
  expect(await listener.ask("send udp 127.0.0.2 47031")).toBe("OK");
  expect(listener.isAsked).toBe(false);
  for (const [kind, line] of [
    ["udp", "through 3 127.0.0.2 47032"],
    ["unix-dgram", "send udp 127.0.0.2 47033"],
    ["tcp", "through 3 127.0.0.2 47034"],
  ] as const) {
    await give("warning");
    const begun = host.events().length;
    const daemon = new Sender({ sockets: [kind] });
    expect([kind, await daemon.ask(line)]).toEqual([kind, kind === "tcp" ? "ECONNREFUSED" : "OK"]);
    expect([kind, daemon.isAsked]).toEqual([kind, true]);
    const object =
      `warning ${kind === "tcp" ? "tcp" : "udp"} ` + `${line.split(" ").slice(2).join(":")}`;
    expect((await told(begun, object)).get(object)).toBe(1);
    await give("enforcing");
    expect([kind, await daemon.ask(line)]).toEqual([kind, "EACCES"]);
    expect(await daemon.ask("send udp 127.0.0.1 47001")).toBe("OK");
    await daemon.end();
  }
});

test("the same sealed, where Landlock holds TCP ports wherever a socket was made", {
  timeout: TIMEOUT_MS,
}, async () => {
  policyOf("level: enforcing\n", ["connect udp 127.0.0.1:47001"]);
  await host.ask("DELETE", `/domains/${DOMAIN}/level`);
  await host.ask("POST", `/domains/${DOMAIN}/reload`);
  const free = new Sender({ sockets: ["unix", "tcp"] });
  expect(await free.ask("send udp 127.0.0.1 47001")).toBe("OK");
  expect(await free.ask("send udp 127.0.0.2 47001")).toBe("EACCES");
  expect(await free.ask("through 4 127.0.0.1 47002")).toBe("EACCES");
  expect(await free.ask("through 4 127.0.0.1 47001")).toBe("ECONNREFUSED");
  expect(free.isAsked).toBe(false);
  const asked = new Sender({ sockets: ["udp"] });
  expect(await asked.ask("through 3 127.0.0.2 47001")).toBe("EACCES");
  expect(await asked.ask("through 3 127.0.0.1 47001")).toBe("OK");
  expect(await asked.ask("send udp 127.0.0.2 47001")).toBe("EACCES");
  expect(asked.isAsked).toBe(true);
  policyOf("level: enforcing\n", ["connect udp 127.0.0.1:47001", "connect tcp 127.0.0.1:47003"]);
  await host.ask("POST", `/domains/${DOMAIN}/reload`);
  const narrow = new Sender({ sockets: ["tcp"] });
  expect(await narrow.ask("through 3 127.0.0.2 47003")).toBe("EACCES");
  expect(narrow.isAsked).toBe(true);
});

/** A unit's control group, as systemd makes one, for as long as `work` takes. */
async function withUnit(
  work: (unit: string) => Promise<void>,
  kind: "socket" | "service" = "socket",
): Promise<void> {
  const unit = path.join(cgroup2(), `sends-test-${process.pid}.${kind}`);
  fs.mkdirSync(unit);
  try {
    await work(unit);
  } finally {
    fs.rmdirSync(unit);
  }
}

function cgroup2(): string {
  const folder = anchorsFolder();
  if (folder === null) throw new Error("no control groups version 2");
  return path.dirname(folder);
}

const judging = ["connect4", "connect6", "sendmsg4", "sendmsg6", "bind4", "bind6"] as const;

/** How many programs are attached to this very group, on each hook by which sockets are judged. */
function attachedTo(group: string): number[] {
  return withDirectory(group, (fd) => judging.map((at) => attachedIds(fd, attachTypes[at]).length));
}

async function untilNothingIsAttached(group: string): Promise<void> {
  await expect.poll(() => attachedTo(group)).toEqual([0, 0, 0, 0, 0, 0]);
}

test("internet sockets of a socket unit are judged in its control group, by what counts now", {
  timeout: TIMEOUT_MS,
}, async () => {
  await withUnit(async (unit) => {
    const begun = host.events().length;
    const daemon = new Sender({ sockets: ["udp", "tcp", "unix"], madeIn: unit });
    expect(await daemon.ask("through 3 127.0.0.2 47041")).toBe("OK");
    expect(await daemon.ask("through 4 127.0.0.2 47042")).toBe("ECONNREFUSED");
    expect(daemon.isAsked).toBe(false);
    expect(attachedTo(unit)).toEqual([1, 1, 1, 1, 0, 0]);
    const objects = ["warning udp 127.0.0.2:47041", "warning tcp 127.0.0.2:47042"];
    const warned = await told(begun, ...objects);
    for (const object of objects) expect(warned.get(object)).toBe(1);
    await give("enforcing");
    expect(await daemon.ask("through 3 127.0.0.2 47041")).toBe("EACCES");
    expect(await daemon.ask("through 4 127.0.0.2 47042")).toBe("EACCES");
    expect(await daemon.ask("through 3 127.0.0.1 47001")).toBe("OK");
    // Beside it: from now on they share what is attached.
    const second = new Sender({ sockets: ["udp"], madeIn: unit });
    expect(await second.ask("through 3 127.0.0.2 47041")).toBe("EACCES");
    expect(second.isAsked).toBe(false);
    policy("connect udp 127.0.0.2:47041");
    await host.ask("POST", `/domains/${DOMAIN}/reload`);
    expect(await daemon.ask("through 3 127.0.0.2 47041")).toBe("OK");
    expect(await daemon.ask("through 3 127.0.0.1 47001")).toBe("EACCES");
    await daemon.end();
    expect(await second.ask("through 3 127.0.0.1 47001")).toBe("EACCES");
    expect(await second.ask("through 3 127.0.0.2 47041")).toBe("OK");
    await second.end();
    await untilNothingIsAttached(unit);
  });
});

test("what else a socket unit's control group may be: then each call is asked about", {
  timeout: TIMEOUT_MS,
}, async () => {
  await give("enforcing");
  const isAsked = async (unit: string): Promise<boolean> => {
    const before = attachedTo(unit);
    const daemon = new Sender({ sockets: ["udp"], madeIn: unit });
    expect(await daemon.ask("through 3 127.0.0.2 47051")).toBe("EACCES");
    expect(await daemon.ask("through 3 127.0.0.1 47001")).toBe("OK");
    const asked = daemon.isAsked;
    if (asked) expect(attachedTo(unit)).toEqual(before);
    await daemon.end();
    return asked;
  };
  await withUnit(async (unit) => {
    expect(await isAsked(unit)).toBe(false);
    const others = new Sender({ run: ["--level", "warning"], sockets: ["udp"], madeIn: unit });
    expect(await others.ask("through 3 127.0.0.2 47052")).toBe("OK");
    expect(others.isAsked).toBe(false);
    // Another domain's programs, as far as the anchors go.
    expect(await isAsked(unit)).toBe(true);
    await others.end();
    await untilNothingIsAttached(unit);
    fs.mkdirSync(`${unit}/below`);
    expect(await isAsked(unit)).toBe(true);
    fs.rmdirSync(`${unit}/below`);
    fs.chownSync(unit, NOBODY, NOBODY);
    expect(await isAsked(unit)).toBe(true);
    fs.chownSync(unit, 0, 0);
    const lives = spawn("sleep", ["infinity"], { stdio: "ignore" });
    fs.writeFileSync(`${unit}/cgroup.procs`, String(lives.pid));
    expect(await isAsked(unit)).toBe(true);
    const ended = once(lives, "exit");
    lives.kill();
    await ended;
    expect(await isAsked(unit)).toBe(false);
    const mixed = new Sender({ sockets: ["udp", "unix-dgram"], madeIn: unit });
    expect(await mixed.ask("through 3 127.0.0.2 47053")).toBe("EACCES");
    expect(mixed.isAsked).toBe(true);
    await mixed.end();
  });
  await withUnit(async (service) => expect(await isAsked(service)).toBe(true), "service");
});

test("sealed, TCP that is granted by address and what it accepts are held there too", {
  timeout: TIMEOUT_MS,
}, async () => {
  policyOf("level: enforcing\n", ["connect udp 127.0.0.1:47001", "connect tcp 127.0.0.1:47003"]);
  await host.ask("DELETE", `/domains/${DOMAIN}/level`);
  await host.ask("POST", `/domains/${DOMAIN}/reload`);
  await withUnit(async (unit) => {
    const daemon = new Sender({ sockets: ["udp", "tcp:47001"], madeIn: unit });
    expect(await daemon.ask("through 3 127.0.0.2 47001")).toBe("EACCES");
    expect(await daemon.ask("through 3 127.0.0.1 47001")).toBe("OK");
    expect(await daemon.ask("accepted 4 127.0.0.2 47003")).toBe("EACCES");
    expect(await daemon.ask("accepted 4 127.0.0.1 47003")).toBe("ECONNREFUSED");
    expect(await daemon.ask("through 4 127.0.0.2 47003")).toBe("EACCES");
    expect(daemon.isAsked).toBe(false);
    expect(attachedTo(unit)).toEqual([1, 1, 1, 1, 1, 1]);
    await daemon.end();
    await untilNothingIsAttached(unit);
  });
});

test("a killed holder frees no socket, and the agent takes away what it left", {
  timeout: TIMEOUT_MS,
}, async () => {
  await give("enforcing");
  await withUnit(async (unit) => {
    const daemon = new Sender({ sockets: ["udp"], madeIn: unit });
    expect(await daemon.ask("through 3 127.0.0.2 47061")).toBe("EACCES");
    process.kill(holderOf(daemon.pid), "SIGKILL");
    expect(await daemon.ask("through 3 127.0.0.2 47061")).toBe("EACCES");
    expect(await daemon.ask("through 3 127.0.0.1 47001")).toBe("OK");
    await host.kill(agent);
    // It looks as soon as it starts, and leaves groups with processes alone.
    agent = await host.agent();
    expect(await daemon.ask("through 3 127.0.0.2 47061")).toBe("EACCES");
    await host.kill(agent);
    await daemon.end();
    expect(attachedTo(unit)).toEqual([1, 1, 1, 1, 0, 0]);
    agent = await host.agent();
    await untilNothingIsAttached(unit);
  });
});

test("a start that fails leaves nothing attached", { timeout: TIMEOUT_MS }, async () => {
  await give("enforcing");
  await withUnit(async (unit) => {
    const late = [...host.inside, binary, "run", DOMAIN, "--", "/bin/true"];
    const args = ["-c", passing, "1", "udp", ...late];
    const env = { ...process.env, MADE_IN: unit };
    const { status, stderr } = spawnSync("python3", args, { env, encoding: "utf8", cwd: "/" });
    expect([status, stderr]).toEqual([126, expect.stringContaining("execute the command")]);
    await untilNothingIsAttached(unit);
  });
});

/** As its record says: `src/domains/run-record.ts`. */
function holderOf(daemon: number): number {
  const run = listRuns(host.at("run/runs")).find(({ pid }) => pid === daemon);
  if (run === undefined) throw new Error("no such run");
  return run.holder;
}

test("an ordinary user's domain that may send no datagram is asked about no message", {
  timeout: TIMEOUT_MS,
}, async () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "cofferdam-user-"));
  fs.chownSync(home, NOBODY, NOBODY);
  const file = path.join(home, "mine.yaml");
  const start = (grant: string) => {
    fs.writeFileSync(
      file,
      `summary: a test
include: [base]
inherit: [stdio, stdio-sockets]
files: [rx ${program}]
syscalls: ["@system-service"]
network: [${grant}]
`,
    );
    const args = ["run", "--policy", file, "--", program];
    const stdio: "pipe"[] = ["pipe", "pipe", "pipe"];
    const env = { PATH: process.env.PATH, HOME: home };
    const child = spawn(binary, args, { uid: NOBODY, gid: NOBODY, cwd: home, env, stdio });
    return new Sender({ child });
  };
  try {
    const listener = start(`listen unix ${home}/socket`);
    expect(await listener.ask("pair dgram 10")).toBe("EPERM");
    expect(await listener.ask("unix dgram @somebody")).toBe("EBADF");
    const before = switches(listener.pid);
    expect(Number(await listener.ask("pair stream 1000"))).toBeGreaterThan(1_000);
    expect(switches(listener.pid) - before).toBeLessThan(100);
    await listener.end();
    const sender = start(`connect unix ${home}/other`);
    expect(Number(await sender.ask("pair dgram 10"))).toBeGreaterThan(0);
    await sender.end();
  } finally {
    fs.rmSync(home, { recursive: true, force: true });
  }
});
