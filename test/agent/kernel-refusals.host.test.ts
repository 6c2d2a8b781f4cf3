import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { readTold } from "../../src/agent/kernel-collector/told-records.ts";
import { anchorsIn, runGroupsIn } from "../../src/compile/cgroup/anchor.ts";
import { anchorsFolder, domainOfAnchor } from "../../src/domains/cgroup-path.ts";
import { readUseIds } from "../../src/domains/use-ids.ts";
import type { Event } from "../../src/events/event.ts";
import { readAuditState, writeAuditState } from "../../src/kernel/audit/control.ts";
import { CapabilityUses, type UseIds } from "../../src/kernel/bpf/capability-uses.ts";
import { probeHost } from "../../src/kernel/probe/host-facts.ts";
import { root } from "../house/tree.ts";
import { withoutAuditContext } from "../support/no-audit-context.ts";
import { needsFeature, needsRoot } from "../support/skip.ts";
import { PrivateHost } from "../system/private-host.ts";

const facts = probeHost();
const front = join(root, "bin/cofferdam");
let host: PrivateHost;
let before: ReturnType<typeof readAuditState>;
const domains = ["first", "second"];

beforeAll(async () => {
  if (process.getuid?.() !== 0) return;
  before = readAuditState();
  removeAnchors();
  host = await PrivateHost.start();
  host.collects = true;
  for (const name of domains) host.policy(name, policyOf(name));
  await host.agent();
  await until(() => expect(host.collector()).not.toBeNull());
  await until(() => expect(fs.existsSync(host.at("run/collector.status"))).toBe(true));
});
afterAll(async () => {
  await host?.close();
  removeAnchors();
  if (before !== undefined) expect(readAuditState().enabled).toBe(before.enabled);
});
beforeEach((context) => {
  needsRoot(context);
  needsFeature(context, facts, "audit-read");
  needsFeature(context, facts, "landlock-log");
});

/**
 * The kernel keeps an anchor's records as long as its control group is there. A collector of a new
 * host, which knows of none that were told, would tell those of an earlier run of this test, too.
 */
function removeAnchors(): void {
  const folder = anchorsFolder();
  if (folder === null || !fs.existsSync(folder)) return;
  for (const anchor of anchorsIn(folder)) {
    if (!domains.includes(domainOfAnchor(basename(anchor)))) continue;
    for (const group of [...runGroupsIn(anchor), anchor]) fs.rmdirSync(group);
  }
}

const policyOf = (name: string): string => `summary: ${name}
mediation: sealed
include: [base]
files: [rx /usr/bin/**, "rw /dev/null"]
inherit: [stdio]
syscalls: ["@system-service"]
network: ["connect udp 127.0.0.1:9"]
`;

const WAIT = { timeout: 60_000, interval: 100 };

/** Waits until nothing is thrown any more. */
const until = (holds: () => void | Promise<void>): Promise<void> => vi.waitFor(holds, WAIT);

/** A file that no domain is granted. */
function secret(name: string): string {
  const path = host.at(`secret-${name}`);
  fs.writeFileSync(path, "");
  return path;
}

/** A shell in a domain, started as any caller would; standard output and error are files. */
function start(domain: string, script: string, stdin: "ignore" | number, ...options: string[]) {
  const output = fs.openSync(host.at("output"), "a");
  const words = [...host.inside, front, "run", ...options, domain, "--", "/bin/sh", "-c", script];
  const [program = "", ...args] = words;
  const child = spawn(program, args, { stdio: [stdin, output, output], cwd: "/" });
  fs.closeSync(output);
  return child;
}

async function run(domain: string, script: string, ...options: string[]): Promise<void> {
  await once(start(domain, script, "ignore", ...options), "exit");
}

const denialsOf = (domain: string, object: string): readonly Event[] =>
  host
    .events()
    .filter((event) => event.domain === domain && event.object === object)
    .filter(({ verdict, source }) => verdict === "denied" && source === "kernel");

const counted = (events: readonly Event[]): number =>
  events.reduce((sum, { count }) => sum + count, 0);

/** What was heard, where it is not what was awaited. */
async function heard(domain: string, object: string, count: number): Promise<readonly Event[]> {
  return await vi.waitFor(() => {
    const found = denialsOf(domain, object);
    expect(counted(found), JSON.stringify(host.events().slice(-5))).toBe(count);
    return found;
  }, WAIT);
}

test("what Landlock refuses is in the host's log without any option; `why` knows it", async () => {
  await run("first", "read x < /etc/shadow; exit 0");
  const [event] = await heard("first", "/etc/shadow", 1);
  expect(event).toMatchObject({
    operation: "read",
    level: "enforcing",
    number: expect.any(Number),
    process: { comm: "sh", uid: 0 },
    allow: { section: "files", line: "r /etc/shadow" },
  });
  const asked = spawnSync(
    host.inside[0] ?? "",
    [...host.inside.slice(1), front, "why", event?.id ?? ""],
    { encoding: "utf8" },
  );
  expect(asked.stdout).toContain("- r /etc/shadow");
});

test("the collector says where the program is that records capabilities", () => {
  const { capabilities } = JSON.parse(fs.readFileSync(host.at("run/collector.status"), "utf8"));
  expect(capabilities).toBeNull();
  const opened = CapabilityUses.open(readUseIds(host.at("run")) as UseIds);
  expect(opened).not.toBeNull();
  opened?.close();
});

test("two domains at once get their own denials, short runs too", async () => {
  await Promise.all([
    run("first", `for i in 1 2 3; do read x < ${secret("gshadow")}; done; exit 0`),
    run("second", `for i in 1 2; do read x < ${secret("gshadow")}; done; exit 0`),
  ]);
  await heard("first", secret("gshadow"), 3);
  await heard("second", secret("gshadow"), 2);
});

test("`run --events FILE` takes nothing from the log: each has every denial once", async () => {
  const file = host.at("beside.jsonl");
  await run("first", `read x < ${secret("sudoers")}; exit 0`, "--events", file);
  await heard("first", secret("sudoers"), 1);
  await until(() => {
    const lines = fs.readFileSync(file, "utf8").trimEnd().split("\n");
    const events = lines.map((line) => JSON.parse(line) as Event);
    expect(counted(events.filter(({ object }) => object === secret("sudoers")))).toBe(1);
  });
});

test("`run --events` with the log itself tells nothing twice", async () => {
  await run(
    "first",
    `read x < ${secret("crontab")}; exit 0`,
    "--events",
    "/var/log/cofferdam/events.jsonl",
  );
  await run("first", `read x < ${secret("fstab")}; exit 0`);
  await heard("first", secret("fstab"), 1);
  await heard("first", secret("crontab"), 1);
});

/** A shell that reads `file` once for each line it is given. */
function asking(domain: string, file: string) {
  const fifo = host.at(`fifo-${domain}`);
  spawnSync("mkfifo", [fifo]);
  const fd = fs.openSync(fifo, "r+");
  const child = start(domain, `while read go; do read x < ${file}; done; exit 0`, fd);
  const ended = once(child, "exit");
  let asked = 0;
  return {
    ask: (times: number): void => {
      asked += times;
      fs.writeSync(fd, "go\n".repeat(times));
    },
    asked: () => asked,
    end: async (): Promise<void> => {
      child.kill("SIGTERM");
      await ended;
      fs.closeSync(fd);
    },
  };
}

test("a collector that is replaced loses and doubles none; a killed one is told of", async () => {
  const file = secret("asked-for");
  const daemon = asking("second", file);
  daemon.ask(5);
  await heard("second", file, 5);
  const [program = "", ...args] = host.inside;
  const bundle = join(root, "dist/kernel-collector.js");
  const successor = spawn(program, [...args, process.execPath, bundle], { stdio: "ignore" });
  for (let turn = 0; host.collector() !== successor.pid; turn++) {
    if (turn < 60) daemon.ask(1);
    await pause(50);
  }
  daemon.ask(5);
  await heard("second", file, daemon.asked());
  process.kill(successor.pid ?? 0, "SIGKILL");
  await until(() => expect([null, successor.pid]).not.toContain(host.collector()));
  const isSaid = ({ object }: Event): boolean => object.includes("the collector was killed");
  await until(() => expect(host.events().some(isSaid)).toBe(true));
  daemon.ask(3);
  await heard("second", file, daemon.asked());
  await daemon.end();
});

test("under the rule never,task a refusal names the first process, and is counted", async () => {
  const file = secret("no-context");
  const refused = `/bin/sh -c 'read x < ${file}; exit 0' & wait; exit 0`;
  const pid = await withoutAuditContext(async () => {
    const child = start("first", refused, "ignore");
    await once(child, "exit");
    return child.pid;
  });
  const [event] = await heard("first", file, 1);
  expect(event?.process.pid).toBe(pid);
  const isSaid = ({ domain, operation }: Event) =>
    domain === "first" && operation === "unattributed";
  await until(() => expect(host.events().filter(isSaid)).toMatchObject([{ count: 1 }]));
});

test("refusals by the programs of its cgroup are in the log, too, each once", async (context) => {
  needsFeature(context, facts, "cgroup-inet");
  const send = "exec 2>/dev/null; /usr/bin/bash -c 'echo x > /dev/udp/127.0.0.1/53'; exit 0";
  await run("first", send);
  const [event] = await heard("first", "udp 127.0.0.1:53", 1);
  expect(event).toMatchObject({ allow: { section: "network", line: "connect udp 127.0.0.1:53" } });
});

test("without its state a collector tells what was not told, and no more", async (context) => {
  needsFeature(context, facts, "cgroup-inet");
  const send = async (port: number): Promise<void> =>
    run(
      "first",
      `exec 2>/dev/null; /usr/bin/bash -c 'echo x > /dev/udp/127.0.0.1/${port}'; exit 0`,
    );
  const noted = (): number =>
    anchorsIn(anchorsFolder() ?? "")
      .filter((anchor) => domainOfAnchor(basename(anchor)) === "first")
      .flatMap((anchor) => [...readTold(anchor).values()])
      .reduce((sum, { told }) => sum + told, 0);
  const before = noted();
  await send(54);
  await heard("first", "udp 127.0.0.1:54", 1);
  await until(() => expect(noted()).toBeGreaterThan(before));
  const collector = host.collector() ?? 0;
  process.kill(collector, "SIGSTOP");
  await send(55);
  fs.rmSync(host.at("run/collector.state"));
  process.kill(collector, "SIGKILL");
  await heard("first", "udp 127.0.0.1:55", 1);
  expect(counted(denialsOf("first", "udp 127.0.0.1:54"))).toBe(1);
});

test("a flood is folded and counted to the last; others are heard meanwhile", async () => {
  const flood = `i=0; while [ $i -lt 3000 ]; do read x < ${secret("flooded")}; i=$((i+1)); done`;
  const running = run("first", `exec 2>/dev/null; ${flood}; exit 0`);
  await run("second", `read x < ${secret("subuid")}; exit 0`);
  await heard("second", secret("subuid"), 1);
  await running;
  await until(() => {
    const told = denialsOf("first", secret("flooded"));
    const lost = host
      .events()
      .filter(({ domain, operation }) => domain === "first" && operation === "lost");
    expect(counted(told) + counted(lost)).toBe(3_000);
    expect(told.length).toBeLessThan(20);
  });
});

test("auditing that is switched off is said, in the log and by `status`", async () => {
  const now = readAuditState();
  try {
    writeAuditState({ enabled: 0, backlogLimit: now.backlogLimit });
    await until(async () => {
      const { refusals } = await host.ask("GET", "/status");
      expect(refusals.landlock).toContain("auditing was switched off");
    });
    expect(host.events().some(({ object }) => object.startsWith("refusals by Landlock: "))).toBe(
      true,
    );
  } finally {
    writeAuditState({ enabled: 1, backlogLimit: now.backlogLimit });
  }
  await until(async () => {
    const { refusals } = await host.ask("GET", "/status");
    expect(refusals.landlock).toBeNull();
  });
});
