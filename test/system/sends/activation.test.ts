import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../../support/scratch.ts";
import {
  binary,
  DOMAIN,
  give,
  host,
  policyOf,
  program,
  Sender,
  switches,
  TIMEOUT_MS,
  told,
  withSenderHost,
} from "./sender-host.ts";

withSenderHost();

const NOBODY = 65_534;

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
  const free = new Sender({ sockets: ["unix", "tcp", "tcp-listen"] });
  expect(await free.ask("send udp 127.0.0.1 47001")).toBe("OK");
  expect(await free.ask("send udp 127.0.0.2 47001")).toBe("EACCES");
  expect(await free.ask("through 4 127.0.0.1 47002")).toBe("EACCES");
  expect(await free.ask("through 5 127.0.0.1 47002")).toBe("EACCES");
  expect(await free.ask("through 4 127.0.0.1 47001")).toBe("ECONNREFUSED");
  expect(free.isAsked).toBe(false);
  const asked = new Sender({ sockets: ["udp"] });
  expect(await asked.ask("through 3 127.0.0.2 47001")).toBe("EACCES");
  expect(await asked.ask("through 3 127.0.0.1 47001")).toBe("OK");
  expect(await asked.ask("send udp 127.0.0.2 47001")).toBe("EACCES");
  expect(asked.isAsked).toBe(true);
  policyOf("level: enforcing\n", ["connect udp 127.0.0.1:47001", "connect tcp 127.0.0.1:47003"]);
  await host.ask("POST", `/domains/${DOMAIN}/reload`);
  const narrow = new Sender({ sockets: ["tcp", "tcp-listen"] });
  expect(await narrow.ask("through 3 127.0.0.2 47003")).toBe("EACCES");
  expect(await narrow.ask("through 4 127.0.0.2 47003")).toBe("EACCES");
  expect(narrow.isAsked).toBe(true);
});

test("an ordinary user's domain that may send no datagram is asked about no message", {
  timeout: TIMEOUT_MS,
}, async () => {
  const home = scratchFolder("user");
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
