import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { root } from "../house/tree.ts";
import { needsRoot } from "../support/skip.ts";
import { PrivateHost } from "../system/private-host.ts";

const front = join(root, "bin/cofferdam");
const WAIT_MS = 120_000;
const POLL_MS = 100;
let host: PrivateHost;
let file: string;
const children: ChildProcess[] = [];
beforeEach(async (context) => {
  needsRoot(context);
  host = await PrivateHost.start();
  mkdirSync(host.at("new"));
  file = host.at("new/file");
  writeFileSync(file, "x\n");
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await host?.close();
});

const policy = (mediation: string) => `summary: a test # kept
mediation: ${mediation}
include: [base]
files: [rx /usr/bin/bash, rx /usr/bin/dash, rx /usr/bin/sh] # and this
inherit: [stdio, stdio-sockets]
syscalls: ["@system-service"]
`;

/** A real process of the domain that opens the file, or connects, whenever it is asked. */
class Reader {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(shell = "/usr/bin/dash", attempt = `read y <${file}`) {
    const loop = `while read x; do if ${attempt}; then echo yes; else echo no; fi; done`;
    const words = [...host.inside, front, "run", "shop", "--", shell, "-c", loop];
    const [program = "", ...args] = words;
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"], cwd: "/" });
    children.push(this.#child);
    this.pid = this.#child.pid ?? 0;
    const lines: Interface = createInterface({ input: this.#child.stdout as never });
    this.#answers = lines[Symbol.asyncIterator]();
  }

  async reads(): Promise<string> {
    this.#child.stdin?.write("?\n");
    return (await this.#answers.next()).value;
  }

  /** Asks until the answer is another one; returns the milliseconds that took. */
  async until(answer: string): Promise<number> {
    const since = performance.now();
    while ((await this.reads()) !== answer) {
      if (performance.now() - since > WAIT_MS) throw new Error(`never ${answer}`);
      await pause(POLL_MS);
    }
    return performance.now() - since;
  }
}

const add = (time: string, ...more: string[]) =>
  host.cofferdam(
    ...["exception", "add", "shop", `r ${host.at("new")}/**`, "--for", time],
    ...["--why", "the move", ...more],
  );

test("a running supervised process has it from add to its end", { timeout: WAIT_MS }, async () => {
  host.policy("shop", policy("supervised"));
  await host.agent();
  const reader = new Reader();
  expect(await reader.reads()).toBe("no");
  const said = add("1h");
  expect(await reader.reads()).toBe("yes");
  expect(said).toContain("1 supervised run has it already");
  expect(said).toMatch(
    /^shop 1: files: r \/.*\n {2}until .* left\)\n {2}added .* by root: the move$/m,
  );
  expect(host.cofferdam("exception", "list", "shop")).toContain("shop 1: files: r /");
  expect(host.cofferdam("explain", "shop", "read", file)).toMatch(
    /granted\n.*\(an exception, [^)]* left\)/,
  );
  expect(host.cofferdam("status")).toMatch(/^for a time +shop: 1 exception \([^)]* left\)$/m);
  expect(host.cofferdam("exception", "end", "shop", "1")).toMatch(/: ended$/m);
  expect(await reader.reads()).toBe("no");
  // A slow host may see the end of this one first.
  add("4s");
  await reader.until("no");
  expect(host.cofferdam("exception", "list")).toBe("no domain has exceptions\n");
  const log = host.cofferdam("events", "--verdict", "audit");
  expect(log.match(/exception (?:added|ended) 1: /g)).toEqual([
    ...["exception added 1: ", "exception ended 1: "],
    ...["exception added 1: ", "exception ended 1: "],
  ]);
  expect(log.match(/its time is over/g)).toHaveLength(1);
});

test("an address follows, whoever judges it", { timeout: WAIT_MS }, async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    host.policy("shop", policy("supervised"));
    await host.agent();
    const client = new Reader("/usr/bin/bash", `(exec 3<>/dev/tcp/127.0.0.1/${port})`);
    expect(await client.reads()).toBe("no");
    const grant = `connect tcp 127.0.0.1:${port}`;
    host.cofferdam("exception", "add", "shop", grant, "--for", "10s", "--why", "the move");
    expect(await client.reads()).toBe("yes");
    await client.until("no");
  } finally {
    server.close();
  }
});

test("without an agent it ends for what runs and for what starts", {
  timeout: WAIT_MS,
}, async () => {
  host.policy("shop", policy("supervised"));
  const agent = await host.agent();
  const before = new Reader();
  expect(await before.reads()).toBe("no");
  // Long enough for a busy machine to start the second reader before its end.
  add("20s");
  await host.kill(agent);
  const during = new Reader();
  expect([await before.reads(), await during.reads()]).toEqual(["yes", "yes"]);
  await before.until("no");
  expect(await during.until("no")).toBeLessThan(2_000);
  const after = new Reader();
  expect(await after.reads()).toBe("no");
});

test("a sealed process gets it at its next start, and is named", { timeout: WAIT_MS }, async () => {
  host.policy("shop", policy("sealed"));
  await host.agent();
  const old = new Reader();
  expect(await old.reads()).toBe("no");
  const said = add("1h");
  expect(said).toContain(`process ${old.pid} (/usr/bin/dash`);
  expect(said).toContain("restart it: ");
  expect(await old.reads()).toBe("no");
  const young = new Reader();
  expect(await young.reads()).toBe("yes");
  const ended = host.cofferdam("exception", "end", "shop", "--all");
  expect(ended).toContain(`process ${young.pid} (`);
  expect(ended).not.toContain(`process ${old.pid} (`);
  expect(await young.reads()).toBe("yes");
  expect(await new Reader().reads()).toBe("no");
});

test("promoted, it is in the file, comments and all, and stays", { timeout: WAIT_MS }, async () => {
  host.policy("shop", policy("supervised"));
  await host.agent();
  const reader = new Reader();
  expect(await reader.reads()).toBe("no");
  // Long enough for a busy machine to promote it before its end.
  const lasts = 20_000;
  const since = performance.now();
  add(`${lasts / 1_000}s`);
  expect(host.cofferdam("exception", "promote", "shop", "1")).toMatch(
    /written to\s+\/etc\/cofferdam/,
  );
  const text = readFileSync(host.at("etc/domains/shop.yaml"), "utf8");
  expect(text).toBe(
    policy("supervised").replace("/usr/bin/sh]", `/usr/bin/sh, "r ${host.at("new")}/**"]`),
  );
  expect(host.cofferdam("exception", "list")).toBe("no domain has exceptions\n");
  await pause(Math.max(0, since + lasts - performance.now()) + 1_000);
  expect(await reader.reads()).toBe("yes");
  expect(() => host.cofferdam("exception", "promote", "shop", "1")).toThrow(/has no exception 1/);
});

test("promoted, a line that the file has is not written twice, whatever others there are", {
  timeout: WAIT_MS,
}, async () => {
  host.policy("shop", policy("supervised"));
  await host.agent();
  add("1h");
  host.cofferdam("exception", "add", "shop", "r /srv/other/**", "--for", "1h", "--why", "a test");
  const edited = policy("supervised").replace(
    "/usr/bin/sh]",
    `/usr/bin/sh, "r ${host.at("new")}/**"]`,
  );
  host.policy("shop", edited);
  expect(host.cofferdam("exception", "promote", "shop", "1")).toContain("grants it already");
  expect(readFileSync(host.at("etc/domains/shop.yaml"), "utf8")).toBe(edited);
});

test("what is wrong with the words is said before anything is asked", () => {
  const refused = (words: readonly string[], message: RegExp) =>
    expect(() => host.cofferdam("exception", ...words)).toThrow(message);
  const grant = ["add", "shop", "r /srv/x"];
  refused([...grant, "--why", "x"], /an exception has an end\n {2}help: write --for/);
  refused([...grant, "--for", "2h"], /an exception has a reason/);
  refused([...grant, "--for", "2x", "--why", "x"], /not a length of time/);
  refused(["add", "shop", "rq /srv/x", "--for", "2h", "--why", "x"], /GRANT:1:1[\s\S]*\^/);
  refused(["add", "../x", "r /srv/x", "--for", "2h", "--why", "x"], /not the name of a domain/);
  refused(["end", "shop"], /number of an exception is wanted/);
  refused(["end", "shop", "0"], /not the number/);
  refused([...grant, "--for", "2h", "--why", "x"], /no agent runs/);
});
