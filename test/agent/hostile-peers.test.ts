import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  CONNECTIONS_MAX,
  CONNECTIONS_OF_USER_MAX,
  CONNECTIONS_OF_USERS_MAX,
} from "../../src/agent/api/limits.ts";
import { readProcStat } from "../../src/domains/proc-stat.ts";
import { SO_PASSRIGHTS } from "../../src/kernel/constants.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { policyText, ScratchHost } from "./scratch-host.ts";

let host: ScratchHost;
beforeEach(async (context) => {
  needsRoot(context);
  host = new ScratchHost();
  host.policy("alpha", policyText("r /srv/alpha/**"));
  await host.start();
});
afterEach(async () => {
  await host?.remove();
});

/** Ids that one user of the host may have been given for its user namespaces. */
const FIRST_USER = 200_000;

test("one user with many ids leaves room for root", async () => {
  const sockets: Socket[] = [];
  for (let user = 0; user * CONNECTIONS_OF_USER_MAX < CONNECTIONS_MAX; user++)
    for (let i = 0; i < CONNECTIONS_OF_USER_MAX; i++) sockets.push(connectAs(FIRST_USER + user));
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  const status = await host.ask("GET", "/status");
  expect(status.refusedPeers).toBe(sockets.length - CONNECTIONS_OF_USERS_MAX);
  for (const socket of sockets) socket.destroy();
});

/** The kernel records the caller of connect(2), which returns at once. */
function connectAs(user: number): Socket {
  process.seteuid?.(user);
  try {
    return connect(host.places.system.control).on("error", () => undefined);
  } finally {
    process.seteuid?.(0);
  }
}

test("the sender of a request's head is judged again when the body has arrived", async () => {
  const script = join(host.folder, "heir.js");
  // Sends a head, and when that was received leaves the connection to a child. The child sends the
  // rest once its parent has ended and is no zombie any longer: its memory, and so its exe,
  // disappears a moment before.
  writeFileSync(
    script,
    `const { spawn } = require("node:child_process");
const body = '{"level":"disabled"}';
const head = "PUT /v1/domains/alpha/level HTTP/1.1\\r\\nHost: x\\r\\nExpect: 100-continue\\r\\n" +
  "Content-Length: " + body.length + "\\r\\n\\r\\n";
const socket = require("node:net").connect(process.argv[2], () => {
  socket.write(head);
  socket.once("data", () => {
    const rest = "while [ -e /proc/$0 ]; do sleep 0.05; done; printf %s '" + body + "' >&3; " +
      "until cat <&3 2>/dev/null; do sleep 0.05; done";
    const stdio = ["ignore", "inherit", "inherit", socket];
    spawn("sh", ["-c", rest, String(process.pid)], { stdio, detached: true }).unref();
    process.exit();
  });
});
`,
  );
  const child = spawn(process.execPath, [script, host.places.system.control], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let answer = "";
  child.stdout.on("data", (text) => {
    answer += text;
  });
  await once(child, "close");
  expect(answer).toContain("HTTP/1.1 403");
  expect((await host.ask("GET", "/domains/alpha")).level).toBe("enforcing");
});

test("an ended daemon's record tells nothing about the process with its id", async () => {
  const { number } = await host.ask("GET", "/domains/alpha");
  const start = (pid: number): bigint => readProcStat(pid)?.start ?? 0n;
  const other = host.run("other", number, "sealed", "enforcing");
  const daemon = String(process.pid);
  const record =
    `alpha ${number} sealed enforcing ${start(process.pid) - 1n} ${other.pid} ` +
    `${start(other.pid ?? 0)} live`;
  symlinkSync(record, join(host.places.system.runs, daemon));
  const [run] = (await host.ask("GET", "/domains/alpha")).running;
  expect(run).toMatchObject({ pid: process.pid, uid: null, command: "" });
  const { changes } = await host.ask("PUT", "/domains/alpha/level", { level: "warning" });
  expect(changes[0].restart[0].how).not.toContain(daemon);
  expect(readFileSync("/proc/self/cmdline", "utf8")).not.toBe("");
});

test("no peer can send the agent a descriptor, because its file may never answer", (context) => {
  const script = `import array, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
try:
  s.sendmsg([b"G"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))])
  print("sent")
except PermissionError: print("refused")`;
  const probe =
    "import socket; socket.socket(socket.AF_UNIX).setsockopt(socket.SOL_SOCKET, " +
    `${SO_PASSRIGHTS}, 0)`;
  skipUnless(
    context,
    spawnSync("python3", ["-c", probe]).status === 0,
    "SO_PASSRIGHTS is of Linux 6.16",
  );
  expect(
    spawnSync("python3", ["-c", script, host.places.system.control], { encoding: "utf8" }).stdout,
  ).toBe("refused\n");
});
