import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PUBLIC_PROGRAM } from "../../src/base/modes.ts";
import { findCgroup2 } from "../../src/kernel/probe/caller.ts";
import { root } from "../house/tree.ts";
import { compileC } from "../support/compile-c.ts";
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

/** A program that asks for one thing and prints the answer's status and body. */
function asker(path: string): string {
  writeFileSync(
    path,
    `const { request } = require("node:http");
const [socketPath, method, path, body = ""] = process.argv.slice(2);
const headers = { "Content-Length": body.length };
const asked = request({ socketPath, method, path, headers }, (answer) => {
  let text = "";
  answer.on("data", (chunk) => { text += chunk; });
  answer.on("end", () => console.log(answer.statusCode, text.trim()));
});
asked.on("error", (error) => console.log("error", error.code));
asked.end(body);
`,
  );
  chmodSync(path, PUBLIC_PROGRAM);
  return path;
}

async function outputOf(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
  await once(child, "close");
  return text;
}

const setLevel = ["PUT", "/v1/domains/alpha/level", '{"level":"disabled"}'];

test("an ordinary user reads, and changes nothing", async () => {
  const script = asker(join(host.folder, "ask.js"));
  const asUser = [
    "--reuid",
    "65534",
    "--regid",
    "65534",
    "--clear-groups",
    process.execPath,
    script,
    host.places.system.control,
  ];
  const refused = await outputOf("setpriv", [...asUser, ...setLevel]);
  expect(refused).toMatch(/^403 .*only root and members of the group/);
  expect(await outputOf("setpriv", [...asUser, "POST", "/v1/reload"])).toMatch(/^403 /);
  expect(await outputOf("setpriv", [...asUser, "GET", "/v1/domains"])).toMatch(/^200 .*"alpha"/);
  expect(await outputOf("setpriv", [...asUser, "GET", "/v1/domains/alpha"])).toMatch(
    /^200 .*"policy":null/,
  );
  expect((await host.ask("GET", "/domains/alpha")).level).toBe("enforcing");
});

test("a mediator is refused, whatever it asks and whichever node it runs on", async () => {
  mkdirSync(join(host.folder, "dist"));
  const script = asker(join(host.folder, "dist", "mediator.js"));
  // As after an update: a mediator outlives the program that it was started from.
  const otherNode = join(host.folder, "node");
  copyFileSync(process.execPath, otherNode);
  for (const node of [process.execPath, otherNode])
    for (const words of [setLevel, ["GET", "/v1/status"]])
      expect(await outputOf(node, [script, host.places.system.control, ...words])).toMatch(/^403 /);
  expect((await host.ask("GET", "/domains/alpha")).level).toBe("enforcing");
  expect((await host.ask("GET", "/status")).refusedPeers).toBe(4);
});

test("root in a domain is refused although its policy grants the socket", async (context) => {
  const cgroup2 = findCgroup2(readFileSync("/proc/self/mountinfo", "utf8"));
  skipUnless(context, cgroup2 !== null, "there are no control groups version 2");
  const policy = join(host.folder, "visitor.yaml");
  const control = host.places.system.control;
  const program = join(host.folder, "ask-control");
  compileC(program, join(import.meta.dirname, "ask-control.c"), []);
  writeFileSync(
    policy,
    `summary: one who asks
include: [base]
files:
  - rx ${program}
network:
  - connect unix ${control}
inherit: [stdio, stdio-sockets]
syscalls: ["@system-service"]
`,
  );
  const body = '{"level":"disabled"}';
  const request =
    "PUT /v1/domains/alpha/level HTTP/1.1\r\nHost: x\r\nContent-Length: " +
    `${body.length}\r\n\r\n${body}`;
  // Outside the same program may: inside, its domain prevents it.
  expect(await outputOf(program, [control, request])).toContain("HTTP/1.1 200");
  await host.ask("DELETE", "/domains/alpha/level");
  const front = join(root, "bin", "cofferdam");
  const inside = await outputOf(front, [
    "run",
    "--policy",
    policy,
    "--",
    program,
    control,
    request,
  ]);
  expect(inside).toContain("HTTP/1.1 403");
  expect(inside).toContain("is in the domain visitor");
  expect((await host.ask("GET", "/domains/alpha")).level).toBe("enforcing");
});
