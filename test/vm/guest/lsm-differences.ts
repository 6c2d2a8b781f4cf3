/** What the table of differences between the engines says of the bpf-lsm engine, tried. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { createInterface } from "node:readline";
import { beforeAll, expect, test } from "vitest";
import { PUBLIC_PROGRAM, SET_USER_ID_PROGRAM } from "../../../src/base/modes.ts";
import { ACT, Lsm, policyOf, rules, TRY, Trying, word } from "./lsm-arena.ts";

const DOMAIN = 70;
const PROGRAM = "/tmp/lsm-entered";
const USER = 1000;
let lsm: Lsm;

beforeAll(() => {
  lsm = new Lsm();
  fs.copyFileSync(ACT, PROGRAM);
  fs.chmodSync(PROGRAM, PUBLIC_PROGRAM);
});

const lineOf = (pid: number, file: string, name: string) =>
  fs
    .readFileSync(`/proc/${pid}/${file}`, "utf8")
    .split("\n")
    .find((line) => line.startsWith(name)) ?? "";

const usersOf = (pid: number) => lineOf(pid, "status", "Uid:").split("\t").slice(1).map(Number);

function inside(program = TRY): Trying {
  const one = new Trying(program);
  lsm.engine.labels.adopt(DOMAIN, () => [one.pid]);
  return one;
}

test("entering changes no user, and no limit of core files", async () => {
  lsm.domain(DOMAIN, "enforcing", rules(`rx ${PROGRAM}`));
  lsm.engine.setExecutable(0, PROGRAM, DOMAIN);
  const child = spawn("/vm/busybox", ["sh", "-c", `ulimit -c 4096; exec ${PROGRAM}`], {
    ...{ uid: USER, gid: USER, stdio: ["pipe", "pipe", "inherit"] },
  });
  const pid = child.pid as number;
  const answered = new Promise((resolve) => {
    if (child.stdout !== null) createInterface(child.stdout).once("line", resolve);
  });
  child.stdin?.write("secure\n");
  // An entry is no gain of privileges.
  expect(await answered).toBe("0");
  expect(lsm.engine.labels.domainOf(pid)).toBe(DOMAIN);
  expect(usersOf(pid)).toEqual([USER, USER, USER, USER]);
  expect(lineOf(pid, "limits", "Max core file size")).toMatch(/ 2097152 /);
  lsm.engine.removeExecutable(0, PROGRAM);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.stdin?.end();
  await ended;
});

test("a set-user-id program gains its user", async () => {
  const gains = `${PROGRAM}-gains`;
  fs.copyFileSync(ACT, gains);
  fs.chownSync(gains, USER, USER);
  fs.chmodSync(gains, SET_USER_ID_PROGRAM);
  lsm.domain(DOMAIN, "enforcing", rules(`rx ${gains}`));
  const one = inside(ACT);
  one.becomes(`execute ${gains}`);
  await one.does("secure");
  expect(usersOf(one.pid)).toEqual([0, USER, USER, USER]);
  expect(lsm.engine.labels.domainOf(one.pid)).toBe(DOMAIN);
  await one.end();
});

test("connecting to `::` needs both loopback addresses", async () => {
  const one = inside(ACT);
  const connects = async (...network: readonly string[]) => {
    const policy = policyOf([], network);
    lsm.domain(DOMAIN, "enforcing", policy.names, policy);
    return await one.does("net connect tcp :: 7002");
  };
  const [six, four] = ["connect tcp [::1]:7002", "connect tcp 127.0.0.1:7002"];
  expect(await connects(six)).toBe("EACCES");
  expect(await connects(four)).toBe("EACCES");
  // Nobody listens, and the socket does not wait.
  expect(["EINPROGRESS", "ECONNREFUSED"]).toContain(await connects(six, four));
  await one.end();
});

test("a file in memory may be made, and never becomes code", async () => {
  const one = inside();
  for (const memory of [[], [word("memfd" as const)], [word("dlopen" as const)]]) {
    lsm.domain(DOMAIN, "enforcing", [], { memory });
    expect(await one.all(["memfd x", "map-memory /"])).toEqual(["0", "EACCES"]);
  }
  await one.end();
});

const otherRoot = `set -e
at=/tmp/lsm-root
/vm/busybox mkdir -p $at
/vm/busybox mount -t tmpfs none $at
/vm/busybox mkdir -p $at/vm $at/tmp $at/old
/vm/busybox cp ${TRY} $at/vm
/vm/busybox touch $at/tmp/f
cd $at
/vm/busybox pivot_root . old
exec ${TRY}`;

test("in another root no name is granted", async () => {
  const one = new Trying("/vm/busybox", ["unshare", "-m", "/vm/busybox", "sh", "-c", otherRoot]);
  expect(await one.does("read /tmp/f")).toBe("0");
  lsm.domain(DOMAIN, "enforcing", rules("rwx /**"));
  lsm.engine.labels.adopt(DOMAIN, () => [one.pid]);
  expect(await one.does("read /tmp/f")).toBe("EACCES");
  await one.end();
});
