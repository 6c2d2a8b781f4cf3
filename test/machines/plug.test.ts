import { existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { compileC } from "../support/compile-c.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";
import { PrivateHost } from "../system/private-host.ts";
import { machineMissing } from "../vm/machine.ts";
import { Powered } from "./guest.ts";
import { Qmp } from "./qmp.ts";

const TIMEOUT_MS = 120_000;
const missing = process.getuid?.() === 0 ? machineMissing() : null;
let host: PrivateHost;
let machine: Powered;
let closer: Powered;
let qmp: Qmp;

beforeEach((context) => {
  needsRoot(context);
  skipUnless(context, missing === null, missing ?? "");
});
beforeAll(async () => {
  if (process.getuid?.() !== 0 || missing !== null) return;
  host = await PrivateHost.start();
  await host.agent();
  for (const name of ["first.img", "later.img"])
    writeFileSync(host.at(name), Buffer.alloc(1 << 20));
  symlinkSync(host.at("first.log"), host.at("link.log"));
  const line =
    "qemu-system-x86_64 -nodefaults -display none -S -machine pc,accel=tcg -m 64 " +
    "-device virtio-scsi-pci,id=scsi -drive " +
    `file=${host.at("first.img")},format=raw,if=none,id=first -device ` +
    `scsi-hd,drive=first,id=first,bus=scsi.0 -serial file:${host.at("link.log")} -qmp ` +
    `unix:${host.at("qmp.sock")},server=on,wait=off`;
  compileC(host.at("closes-monitor"), join(import.meta.dirname, "closes-monitor.c"), [
    "-Wall",
    "-Werror",
  ]);
  closer = Powered.run(host, "closer", [host.at("closes-monitor"), "-nodefaults"], "nobody");
  machine = Powered.run(host, "plug", line.split(" "), "root");
  qmp = await Qmp.connect(host.at("qmp.sock"));
}, TIMEOUT_MS);
afterAll(async () => {
  qmp?.close();
  await machine?.off();
  closer?.process.kill("SIGKILL");
  await host?.close();
}, TIMEOUT_MS);

const disk = (name: string) => ({
  "node-name": "later",
  driver: "raw",
  file: { driver: "file", filename: host.at(name) },
});

/** Whether the emulator itself can open the disk, past the proxy. */
async function opens(name: string): Promise<boolean> {
  const line = `drive_add 0 file=${host.at(name)},if=none,format=raw,id=probe`;
  const { return: said } = await qmp.ask("human-monitor-command", { "command-line": line });
  if (!said.includes("OK")) return false;
  await qmp.ask("human-monitor-command", { "command-line": "drive_del probe" });
  return true;
}

const policy = (): string => readFileSync(host.at("run/machines/vm@plug.yaml"), "utf8");

test("commands that name nothing of the host are passed on", async () => {
  expect(await qmp.ask("query-status")).toMatchObject({ return: { running: false } });
  expect(await qmp.ask("no-such-command")).toMatchObject({ error: { class: "CommandNotFound" } });
});

test("a disk works while plugged, and is out of reach before and after", async () => {
  expect(await opens("later.img")).toBe(false);
  expect(await qmp.ask("blockdev-add", disk("later.img"))).toEqual({ return: {} });
  expect(policy()).toContain("later.img");
  const device = { driver: "scsi-hd", bus: "scsi.0", drive: "later", id: "disk" };
  expect(await qmp.ask("device_add", device)).toEqual({ return: {} });
  expect(await qmp.ask("device_del", { id: "disk" })).toEqual({ return: {} });
  await vi.waitUntil(
    async () => "return" in (await qmp.ask("blockdev-del", { "node-name": "later" })),
    {
      timeout: TIMEOUT_MS,
    },
  );
  expect(policy()).not.toContain("later.img");
  expect(await opens("later.img")).toBe(false);
});

test("a disk of the command line is out of reach after its removal, too", async () => {
  expect(policy()).toContain("first.img");
  expect(await qmp.ask("device_del", { id: "first" })).toEqual({ return: {} });
  await vi.waitUntil(async () => !(await opens("first.img")), { timeout: TIMEOUT_MS });
  expect(policy()).not.toContain("first.img");
});

test("a serial line that is plugged in makes its socket, and removes it", async () => {
  const data = { addr: { type: "unix", data: { path: host.at("line.sock") } } };
  expect(await qmp.ask("chardev-add", { id: "line", backend: { type: "socket", data } })).toEqual({
    return: {},
  });
  expect(existsSync(host.at("line.sock"))).toBe(true);
  expect(await qmp.ask("chardev-remove", { id: "line" })).toEqual({ return: {} });
  expect(existsSync(host.at("line.sock"))).toBe(false);
  expect(policy()).not.toContain("line.sock");
});

test("a network card with a socket of its own comes and goes", async () => {
  // Not a stream: QEMU 10.0 itself ends by a fault when one that listens is removed.
  const net = { type: "socket", id: "net", listen: "127.0.0.1:0" };
  expect(await qmp.ask("netdev_add", net)).toEqual({ return: {} });
  expect(policy()).toContain("listen tcp 127.0.0.1:0");
  expect(await qmp.ask("netdev_del", { id: "net" })).toEqual({ return: {} });
  expect(policy()).not.toContain("listen tcp");
});

test("a refused command grants nothing; an indescribable one is not passed on", async () => {
  expect(await qmp.ask("blockdev-add", { ...disk("missing.img") })).toHaveProperty("error");
  expect(policy()).not.toContain("missing.img");
  const shell = { type: "tap", id: "net", ifname: "tap0", script: "/bin/sh" };
  const { error } = await qmp.ask("netdev_add", shell);
  expect(error.desc).toMatch(/^cofferdam: .*`script` would be started/);
});

test("a link that changes while the machine is on is reported until it is followed", async () => {
  const shown = () => host.cofferdam("domain", "show", "vm@plug");
  const drift = (): unknown =>
    JSON.parse(host.cofferdam("domain", "show", "vm@plug", "--json")).drift;
  expect(drift()).toEqual([]);
  rmSync(host.at("link.log"));
  symlinkSync(host.at("later.log"), host.at("link.log"));
  expect(drift()).toEqual([
    `${host.at("link.log")} leads to ${host.at("later.log")}, and led to ${host.at("first.log")}`,
  ]);
  expect(shown()).toContain("to follow them now: cofferdam vm refresh plug");
  rmSync(host.at("link.log"));
  symlinkSync(host.at("no-folder/log"), host.at("link.log"));
  expect(drift()).toEqual([expect.stringContaining("cannot be reached")]);
  rmSync(host.at("link.log"));
  symlinkSync(host.at("later.log"), host.at("link.log"));
  host.cofferdam("vm", "refresh", "plug");
  expect(drift()).toEqual([]);
  expect(shown()).not.toContain("cofferdam vm refresh");
  expect(await qmp.ask("blockdev-add", disk("later.img"))).toEqual({ return: {} });
  expect(policy()).toContain("later.log");
  expect(await qmp.ask("blockdev-del", { "node-name": "later" })).toEqual({ return: {} });
  expect(policy()).toContain("later.log");
});

test("a machine that closes its monitor and continues is ended with all its processes", {
  timeout: TIMEOUT_MS,
}, async () => {
  // A process that holds its standard output is alive.
  await closer.ended;
  expect(closer.text).toContain(
    "machine closer has closed its monitor and goes on: ended by SIGKILL",
  );
  expect(existsSync(host.at("run/machines/vm@closer.yaml"))).toBe(false);
});

test("grants for a time: memory to files, a disk server, a new image, a medium", async () => {
  const memory = { val: 0, size: 4096, filename: host.at("memory") };
  expect(await qmp.ask("pmemsave", memory)).toEqual({ return: {} });
  expect(
    await qmp.ask("dump-guest-memory", { paging: false, protocol: `file:${host.at("dump")}` }),
  ).toEqual({
    return: {},
  });
  await vi.waitUntil(() => !policy().includes(host.at("dump")), { timeout: TIMEOUT_MS });
  for (const name of ["memory", "dump"])
    expect(statSync(host.at(name)).size).toBeGreaterThanOrEqual(4096);
  expect(policy()).not.toContain(host.at("memory"));

  const addr = { type: "unix", data: { path: host.at("nbd.sock") } };
  expect(await qmp.ask("nbd-server-start", { addr })).toEqual({ return: {} });
  expect(existsSync(host.at("nbd.sock"))).toBe(true);
  expect(await qmp.ask("nbd-server-stop")).toEqual({ return: {} });
  expect(policy()).not.toContain("nbd.sock");

  const options = { driver: "file", filename: host.at("new.img"), size: 1 << 20 };
  expect(await qmp.ask("blockdev-create", { "job-id": "make", options })).toEqual({ return: {} });
  await vi.waitUntil(() => !policy().includes("new.img"), { timeout: TIMEOUT_MS });
  expect(statSync(host.at("new.img")).size).toBe(1 << 20);
  expect(await qmp.ask("job-dismiss", { id: "make" })).toEqual({ return: {} });

  expect(await qmp.ask("device_add", { driver: "scsi-cd", bus: "scsi.0", id: "cd" })).toEqual({
    return: {},
  });
  const medium = { id: "cd", filename: host.at("new.img"), format: "raw" };
  expect(await qmp.ask("blockdev-change-medium", medium)).toEqual({ return: {} });
  expect(policy()).toContain(`r ${host.at("new.img")}`);
  expect(await qmp.ask("eject", { id: "cd", force: true })).toEqual({ return: {} });
  expect(policy()).not.toContain("new.img");
});

test("a node reopened for writing may write until its removal", async () => {
  const granted = (): readonly string[] =>
    policy()
      .split("\n")
      .flatMap((line) =>
        line.endsWith(`${host.at("new.img")}"`) ? [line.replace(/^ *- "(\w+) .*/, "$1")] : [],
      );
  const file = { driver: "file", "node-name": "f", filename: host.at("new.img") };
  const node = (file: unknown, isRead: boolean) => ({
    driver: "raw",
    "node-name": "n",
    "read-only": isRead,
    file,
  });
  expect(await qmp.ask("blockdev-add", node({ ...file, "read-only": true }, true))).toEqual({
    return: {},
  });
  expect(granted()).toEqual(["r"]);
  const options = [{ ...file, "read-only": false }, node("f", false)];
  expect(await qmp.ask("blockdev-reopen", { options })).toEqual({ return: {} });
  expect(granted()).toEqual(["r", "rw"]);
  expect(await qmp.ask("blockdev-del", { "node-name": "n" })).toEqual({ return: {} });
  expect(granted()).toEqual([]);

  expect(await qmp.ask("migrate", { uri: `file:${host.at("state")}` })).toEqual({ return: {} });
  const isOver = async () => (await qmp.ask("query-migrate")).return.status === "completed";
  await vi.waitUntil(isOver, { timeout: TIMEOUT_MS });
  expect(statSync(host.at("state")).size).toBeGreaterThan(0);
  expect(policy()).not.toContain(host.at("state"));
});
