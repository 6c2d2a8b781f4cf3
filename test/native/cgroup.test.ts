import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeEach, expect, test } from "vitest";
import { PERMISSION_BITS, PUBLIC_FOLDER } from "../../src/base/modes.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { compileHelper, Front } from "./front.ts";

const front = new Front();
const CONNECT4 = 10;
/** Until a child cgroup is removed behind its daemon, in milliseconds. */
const REMOVE_MS = 60_000;
const mount =
  / (\/\S+) \S+ [^-]*- cgroup2 /.exec(readFileSync("/proc/self/mountinfo", "utf8"))?.[1] ?? null;
const anchor = mount === null ? "" : join(mount, `cofferdam-native-test-${process.pid}`);
const attach = join(front.folder, "attach-connect4");
const server = createServer((socket) => socket.end());
const port = await new Promise<number>((resolve) => {
  server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
});

afterAll(async () => {
  server.close();
  if (anchor !== "" && existsSync(anchor)) {
    await emptied();
    rmdirSync(anchor);
  }
  front.close();
});

beforeEach((context) => {
  needsRoot(context);
  skipUnless(context, mount !== null, "no cgroup v2 hierarchy is mounted");
});

function children(): string[] {
  return readdirSync(anchor, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

async function emptied(): Promise<void> {
  for (const end = Date.now() + REMOVE_MS; children().length > 0; await sleep(20)) {
    if (Date.now() > end) throw new Error(`cgroups left: ${children()}`);
  }
}

function prepared(tag?: Uint8Array, listener = true) {
  if (!existsSync(anchor)) {
    compileHelper("attach-connect4.c", attach);
    mkdirSync(anchor);
  }
  const own = tag ?? Buffer.from(execFileSync(attach, [anchor], { encoding: "utf8" }), "hex");
  const plan = front.plan((base) => ({
    ...base,
    seccomp: base.seccomp && { ...base.seccomp, listener },
    cgroup: { anchor, programs: [{ attachType: CONNECT4, tag: new Uint8Array(own) }] },
  }));
  front.put(plan);
  return plan;
}

const connect = `(exec 3<>/dev/tcp/127.0.0.1/${port}) && echo connected`;
const script = `cat /proc/self/cgroup; ${connect}; echo ran $$`;

test("the daemon's sockets are made in a cgroup with programs, removed after it", async () => {
  const unconfined = execFileSync("bash", ["-c", script], { encoding: "utf8" });
  expect(unconfined).toContain("connected");
  const plan = prepared();
  const result = front.run("self", ["run", plan.domain, "--", "bash", "-c", script]);
  const pid = /ran (\d+)/.exec(result.stdout)?.[1];
  expect(result.stdout).toContain(`0::/${anchor.split("/").at(-1)}/${pid}`);
  expect(result.stdout).not.toContain("connected");
  expect(result.stderr).toContain("Operation not permitted");
  await emptied();
});

test("without a listener too the cgroup goes when its last process is gone", async () => {
  const plan = prepared(undefined, false);
  const result = front.run("self", [
    "run",
    plan.domain,
    "--",
    "bash",
    "-c",
    "sleep 0.5 >/dev/null 2>&1 & echo ran",
  ]);
  expect(result.stdout).toBe("ran\n");
  expect(children()).toHaveLength(1);
  await emptied();
});

test("every user may look into the group, whatever the caller's umask, which stays", async () => {
  const plan = prepared(undefined, false);
  const wrapper = ["sh", "-c", 'umask 0777; exec "$@"', "sh"];
  const lives = "umask; sleep 0.5 >/dev/null 2>&1 &";
  const result = front.run("self", ["run", plan.domain, "--", "bash", "-c", lives], { wrapper });
  expect(result.stdout, result.stderr).toBe("0777\n");
  const modes = children().map((name) => statSync(join(anchor, name)).mode & PERMISSION_BITS);
  expect(modes).toEqual([PUBLIC_FOLDER]);
  await emptied();
});

test("a program that is missing or another one: refused, and nothing is left", async () => {
  const plan = prepared(new Uint8Array(8));
  const result = front.run("self", ["run", plan.domain, "--", "bash", "-c", script]);
  expect(result.stderr).toMatch(/find the domain's program at its cgroup/);
  expect([result.status, result.stdout]).toEqual([125, ""]);
  await emptied();
});

const faults: readonly (readonly [
  string,
  readonly [number, number, (readonly [number, number])?],
  RegExp,
])[] = [
  ["mkdirat", [258, 28], /make a cgroup for the daemon: .*ENOSPC/],
  ["bpf query", [321, 1, [0, 16]], /ask for the cgroup's programs: .*EPERM/],
  ["bpf fd by id", [321, 1, [0, 13]], /find the domain's program at its cgroup/],
  // Of the anchor's number: the list in /proc is asked about under a lower one before.
  ["fstatfs", [138, 5, [0, 8]], /open the domain's cgroup: .*not lie in a cgroup v2/s],
];

test.each(faults)(
  "%s fails: refused, and nothing is left",
  async (_, [number, error, argument], message) => {
    const plan = prepared();
    const wrapper = front.failing(number, error, argument);
    const result = front.run("self", ["run", plan.domain, "--", "bash", "-c", "echo ran"], {
      wrapper,
    });
    expect(result.stderr).toMatch(message);
    expect([result.status, result.stdout]).toEqual([125, ""]);
    await emptied();
  },
);

test("an anchor outside a cgroup v2 hierarchy is refused", () => {
  const plan = front.plan((base) => ({
    ...base,
    cgroup: { anchor: front.work, programs: [{ attachType: CONNECT4, tag: new Uint8Array(8) }] },
  }));
  front.put(plan);
  const result = front.run("self", ["run", plan.domain, "--", "echo", "ran"]);
  expect(result.stderr).toMatch(/it does not lie in a cgroup v2 hierarchy/);
  expect([result.status, result.stdout]).toEqual([125, ""]);
});
