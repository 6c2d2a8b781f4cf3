import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { readAuditState } from "../../src/kernel/audit/control.ts";
import { probeHost } from "../../src/kernel/probe/host-facts.ts";
import { root } from "../house/tree.ts";
import { needsFeature, needsRoot } from "../support/skip.ts";
import { PrivateHost } from "./private-host.ts";

const facts = probeHost();
const front = join(root, "bin/cofferdam");
const WAIT = { timeout: 60_000, interval: 100 };
let host: PrivateHost;
let before: ReturnType<typeof readAuditState>;
const daemons: ChildProcess[] = [];

beforeAll(async () => {
  if (process.getuid?.() !== 0) return;
  before = readAuditState();
  host = await PrivateHost.start();
  // Without a collector it is unknown which capabilities are used.
  host.collects = true;
  for (const name of ["wanted", "late"]) fs.writeFileSync(host.at(name), `${name} is here\n`);
  policy();
  await host.agent();
  await vi.waitFor(() => expect(fs.existsSync(host.at("run/collector.status"))).toBe(true), WAIT);
});
afterAll(async () => {
  for (const daemon of daemons) if (daemon.exitCode === null) daemon.kill("SIGKILL");
  await host?.close();
  if (before !== undefined) expect(readAuditState().enabled).toBe(before.enabled);
});
beforeEach((context) => {
  needsRoot(context);
  needsFeature(context, facts, "audit-read");
});

function policy(...more: readonly string[]): void {
  host.policy(
    "daily",
    [
      "include: [base]",
      "files:",
      "  - rx /usr/bin/**",
      ...more.map((line) => `  - ${line}`),
      "inherit: [stdio, stdio-sockets]",
      'syscalls: ["@system-service"]',
      "",
    ].join("\n"),
  );
}

/** A daemon at enforcing gets no other descriptors, and the test's own process has some. */
const CLOSE_OTHERS = `for name in /proc/self/fd/*; do
  number=\${name##*/}; [ "$number" -le 2 ] || eval "exec $number<&-"; done; exec "$@"`;

/** Prints each file that it is told the name of; it lives until its input ends. */
class Daemon {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    const script = 'while read name; do cat "$name" 2>/dev/null || echo refused; done';
    const [program = "", ...args] = [
      ...["bash", "-c", CLOSE_OTHERS, "bash"],
      ...[...host.inside, front, "run", "daily", "--"],
      ...["/usr/bin/sh", "-c", script],
    ];
    this.child = spawn(program, args, { cwd: "/", stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface(this.child.stdout as NodeJS.ReadableStream)[
      Symbol.asyncIterator
    ]();
    daemons.push(this.child);
  }

  async cats(name: string): Promise<string> {
    this.child.stdin?.write(`${host.at(name)}\n`);
    return (await this.#lines.next()).value;
  }

  async end(): Promise<void> {
    const ended = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await ended;
  }
}

function command(...words: readonly string[]) {
  const [program = "", ...args] = [...host.inside, front, ...words];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", cwd: "/" });
  return { status, out: stdout, err: stderr };
}

/** `enforce`, whose watch has begun. */
async function enforcing(...words: readonly string[]) {
  const [program = "", ...args] = [...host.inside, front, "enforce", "daily", ...words];
  const child = spawn(program, args, { cwd: "/", stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (text) => {
    out += text;
  });
  const ended = once(child, "exit");
  await vi.waitFor(async () => expect(await level()).toBe("enforcing"), WAIT);
  return { child, ended: async () => ({ status: (await ended)[0] as number, out }) };
}

const shown = () => host.ask("GET", "/domains/daily");
const level = async (): Promise<string> => (await shown()).level;
const LEAST = ["--least", "1s"];

test("a real domain: not ready, its line added, ready, enforced", async () => {
  host.cofferdam("domain", "level", "daily", "warning");
  const early = JSON.parse(command("ready", "daily", ...LEAST, "--json").out);
  expect(early.reasons).toContainEqual(
    expect.objectContaining({ name: "starts", says: "not-yet" }),
  );
  const daemon = new Daemon();
  expect(await daemon.cats("wanted")).toBe("wanted is here");
  await vi.waitFor(() => {
    const { status, out } = command("ready", "daily", ...LEAST, "--json");
    const { verdict, denied } = JSON.parse(out);
    expect([status, verdict]).toEqual([1, "not-yet"]);
    expect(denied.map(({ access }: { access: string }) => access)).toEqual([
      `read ${host.at("wanted")}`,
    ]);
  }, WAIT);
  const refused = command("enforce", "daily", ...LEAST);
  expect(refused).toMatchObject({ status: 1, err: expect.stringContaining("is not enforced") });
  expect(await level()).toBe("warning");
  policy(`r ${host.at("wanted")}`);
  const unloaded = JSON.parse(command("ready", "daily", ...LEAST, "--json").out);
  expect(unloaded.reasons).toContainEqual(expect.objectContaining({ name: "policy" }));
  host.cofferdam("domain", "reload", "daily");
  const { status, out } = command("ready", "daily", ...LEAST);
  expect([status, out.split("\n")[0]]).toEqual([0, "daily: ready"]);
  expect(command("ready", "daily").out).toContain("wanted: 1d");
  const done = command("enforce", "daily", ...LEAST, "--watch", "2s");
  expect(done.status, done.err).toBe(0);
  expect(done.out).toContain("daily: enforcing: it was watched for 2s and went on");
  expect(await shown()).toMatchObject({ level: "enforcing", until: null });
  expect(await daemon.cats("wanted")).toBe("wanted is here");
  expect(await daemon.cats("late")).toBe("refused");
  await daemon.end();
});

test("grants that a daemon never used are told, and are unknown of a sealed one", async () => {
  host.cofferdam("domain", "level", "daily", "enforcing");
  const sealed = new Daemon();
  expect(await sealed.cats("late")).toBe("refused");
  policy(`r ${host.at("wanted")}`, `r ${host.at("never")}`);
  host.cofferdam("domain", "reload", "daily");
  host.cofferdam("domain", "level", "daily", "warning");
  const unused = () => JSON.parse(command("ready", "daily", ...LEAST, "--json").out).unused;
  expect(unused()).toMatchObject({ state: "unknown" });
  expect(unused().why).toContain("keeps the level of its start");
  await sealed.end();
  await vi.waitFor(() => expect(unused().why).toContain("no start"), WAIT);
  const daemon = new Daemon();
  expect(await daemon.cats("wanted")).toBe("wanted is here");
  const never = { line: expect.any(Number), text: `r ${host.at("never")}` };
  await vi.waitFor(() => expect(unused()).toMatchObject({ unused: [never] }), WAIT);
  // It is asked for, though there is no such file.
  expect(await daemon.cats("never")).toBe("refused");
  await vi.waitFor(() => expect(unused()).toMatchObject({ unused: [] }), WAIT);
  await daemon.end();
});

test("denials are shown; at the end of the last process it goes back to warning", async () => {
  host.cofferdam("domain", "level", "daily", "warning");
  const daemon = new Daemon();
  expect(await daemon.cats("wanted")).toBe("wanted is here");
  const watch = await enforcing("--anyway", "--watch", "1h");
  expect((await shown()).until).not.toBeNull();
  expect(await daemon.cats("late")).toBe("refused");
  await daemon.end();
  const { status, out } = await watch.ended();
  expect(status).toBe(1);
  expect(out).toContain("no process that ran in daily is left");
  expect(out).toContain(`read ${host.at("late")}`);
  expect(await shown()).toMatchObject({ level: "warning", until: null });
});

test("Ctrl-C goes back to warning, and says so", async () => {
  host.cofferdam("domain", "level", "daily", "warning");
  const daemon = new Daemon();
  expect(await daemon.cats("wanted")).toBe("wanted is here");
  const watch = await enforcing("--anyway", "--watch", "1h");
  watch.child.kill("SIGINT");
  const { status, out } = await watch.ended();
  expect(status).toBe(1);
  expect(out.replaceAll(/\s+/g, " ")).toMatch(
    /daily: back at level warning after .*: the watch was ended by SIGINT/,
  );
  expect(await shown()).toMatchObject({ level: "warning", until: null });
  await daemon.end();
});

test("--strict goes back at the first denial", async () => {
  host.cofferdam("domain", "level", "daily", "warning");
  const daemon = new Daemon();
  expect(await daemon.cats("wanted")).toBe("wanted is here");
  const watch = await enforcing("--anyway", "--watch", "1h", "--strict");
  expect(await daemon.cats("late")).toBe("refused");
  const { status, out } = await watch.ended();
  expect([status, out]).toEqual([1, expect.stringContaining("was denied something")]);
  expect(await level()).toBe("warning");
  await daemon.end();
});
