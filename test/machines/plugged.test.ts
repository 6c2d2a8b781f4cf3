import {
  chmodSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SHARED_FOLDER } from "../../src/base/modes.ts";
import { vmRefresh } from "../../src/cli/commands/vm/refresh.ts";
import type { Reloaded } from "../../src/host/agent-answers.ts";
import {
  type Machine,
  policyFile,
  readMachine,
  writeMachine,
  writePolicy,
} from "../../src/machines/machine.ts";
import { prepare } from "../../src/machines/prepare.ts";
import { Commands } from "../../src/machines/proxy/commands.ts";
import { Granted } from "../../src/machines/proxy/granted.ts";
import type { Message } from "../../src/machines/proxy/lines.ts";
import { Plugged } from "../../src/machines/proxy/plugged.ts";
import { writeAccepted } from "../../src/machines/record.ts";
import { scratchPlaces } from "../agent/scratch-places.ts";
import { root } from "../house/tree.ts";
import { scratchFolder } from "../support/scratch.ts";
import { cloneOf } from "./qcow2-header.ts";

const AGENT_MS = 20;
const [WAIT_MS, RETRY_MS] = [50, 20];
const done = { return: {} };
const refused = { error: {} };

/** In the agent's place: puts into force what it finds when it is asked. */
let agent: Server;
let inForce: string;
let agentFails: boolean;
let asked: string;
let folder: string;
let machine: Machine;
let plugged: Plugged;
const at = (name: string): string => join(folder, name);
const places = () => scratchPlaces(folder, root);

beforeEach(async () => {
  folder = realpathSync(scratchFolder("plugged"));
  for (const name of ["share", "run", "run/machines"]) mkdirSync(at(name));
  for (const name of ["base.img", "later.img", "first.img", "second.img", "secret"])
    writeFileSync(at(name), "x");
  writeFileSync(at("clone.qcow2"), cloneOf(at("base.img")));
  symlinkSync(at("old.log"), at("link.log"));
  const line =
    "-nodefaults -blockdev " +
    "raw,node-name=first,file.driver=file,file.filename=first.img -drive " +
    "file=second.img,format=raw,if=none,id=d -device scsi-hd,drive=d,id=second -D link.log " +
    "-pidfile pid";
  const machines = places().system.machines;
  const prepared = prepare(places(), {
    ...{ name: "one", program: process.execPath, args: line.split(" "), folder, user: null },
  });
  machine = prepared.machine;
  writeAccepted(machines.accepted, "one", prepared.accepted);
  writePolicy(machines, "one", prepared.policy);
  writeMachine(machines, machine);
  [inForce, agentFails] = [prepared.policy, false];
  const taken: Reloaded = {
    domains: [
      {
        ...{ name: "vm@one", number: 1, outcome: "changed", problems: null },
        ...{ following: 1, absent: [], notFollowed: [], restart: [] },
      },
    ],
  };
  agent = createServer((_request, response) => {
    const fails = agentFails;
    asked = fails ? "failing" : "well";
    setTimeout(() => {
      if (!fails) inForce = readFileSync(policyFile(machines, "one"), "utf8");
      const answer = fails ? { error: "no room", help: "make room" } : taken;
      response.writeHead(fails ? 500 : 200).end(JSON.stringify(answer));
    }, AGENT_MS);
  });
  await new Promise<void>((resolve) => agent.listen(places().system.control, resolve));
  plugged = new Plugged(new Granted(places(), machine, RETRY_MS), folder, WAIT_MS);
});
afterEach(() => {
  agent.close();
  rmSync(folder, { recursive: true });
});

const pass = (execute: string, given: Message, answer: Message = done) =>
  plugged.pass({ execute, arguments: given }, async () => answer);
const disk = (name: string, file = `${name}.img`, driver = "raw"): Message => ({
  ...{ "node-name": name, driver, file: { driver: "file", filename: at(file) } },
});
const refresh = async () =>
  vmRefresh.run?.(
    { places: places(), out: () => undefined, err: () => undefined, width: 80, color: false },
    ["one"],
    {},
  );
const gone = (device: unknown) => plugged.told({ data: { device } });

test("an image's header is read when it is plugged in; later changes do not count", async () => {
  await pass("blockdev-add", disk("clone", "clone.qcow2", "qcow2"));
  expect(inForce).toContain(at("base.img"));
  writeFileSync(at("clone.qcow2"), cloneOf(at("secret")));
  await pass("blockdev-add", disk("later"));
  expect(inForce).toContain(at("base.img"));
  expect(inForce).not.toContain(at("secret"));
  await pass("blockdev-del", { "node-name": "clone" });
  expect(inForce).not.toContain("clone.qcow2");
  expect(inForce).not.toContain(at("base.img"));
  await expect(pass("blockdev-add", disk("clone", "clone.qcow2", "qcow2"))).rejects.toThrow(
    /not as it was accepted/,
  );
  expect(inForce).not.toContain(at("secret"));
});

test("disks of the command line are out of reach after their removal, too", async () => {
  expect(inForce).toContain("first.img");
  await pass("blockdev-del", { "node-name": "first" }, refused);
  expect(inForce).toContain("first.img");
  await pass("blockdev-del", { "node-name": "first" });
  expect(inForce).not.toContain("first.img");
  await gone("second");
  expect(inForce).not.toContain("second.img");
});

test("an emulator that answers nothing keeps nothing that was to be taken away", async () => {
  const never = () => new Promise<Message>(() => undefined);
  await pass("blockdev-add", disk("later"));
  void plugged.pass({ execute: "device_add", arguments: { driver: "nvme", id: "a" } }, never);
  void plugged.pass({ execute: "blockdev-add", arguments: disk("other", "base.img") }, never);
  await gone("second");
  expect(inForce).not.toContain("second.img");
  void plugged.pass({ execute: "blockdev-del", arguments: { "node-name": "later" } }, never);
  await vi.waitUntil(() => !inForce.includes("later.img"));
  expect(inForce).toContain("first.img");
});

test("commands arrive in order, and an unanswered one delays no other", async () => {
  const given: unknown[] = [];
  const commands = new Commands(places(), machine, ({ execute }) => {
    given.push(execute);
    return new Promise(() => undefined);
  });
  void commands.pass({ execute: "blockdev-add", arguments: disk("later") });
  void commands.pass({ execute: "query-status" });
  void commands.pass({ execute: "netdev_add", arguments: { type: "user", id: "n" } });
  await vi.waitUntil(() => given.length === 3);
  expect(given).toEqual(["blockdev-add", "query-status", "netdev_add"]);
  await commands.told({ event: "DEVICE_DELETED", data: { device: "second" } });
  expect(inForce).not.toContain("second.img");
});

test("an event with a device that is no string is ignored", async () => {
  for (const device of [{ toString: 0 }, null, 7, "constructor"]) await gone(device);
  await plugged.told({ data: null });
  expect(inForce).toContain("second.img");
});

test("what the emulator refuses, or answers with nonsense, is not kept", async () => {
  for (const answer of [refused, {}]) {
    await pass("blockdev-add", disk("later"), answer);
    expect(inForce).not.toContain("later.img");
  }
});

test("what cannot be recorded is not granted", async () => {
  chmodSync(places().system.machines.accepted, SHARED_FOLDER);
  await expect(pass("blockdev-add", disk("later"))).rejects.toThrow(/others could write/);
  expect(inForce).not.toContain("later.img");
  expect(JSON.stringify(readMachine(places().system.machines, "one"))).not.toContain("later.img");
});

test("what the agent did not take away is taken away as soon as it can be", async () => {
  agentFails = true;
  await expect(gone("second")).rejects.toThrow("no room");
  expect(inForce).toContain("second.img");
  agentFails = false;
  await vi.waitUntil(() => !inForce.includes("second.img"));
});

test("a grant whose confirmation was lost is taken away, and can be plugged in again", async () => {
  agentFails = true;
  await expect(pass("blockdev-add", disk("later"))).rejects.toThrow("no room");
  await expect(pass("blockdev-add", disk("later"))).rejects.toThrow(
    "there is blockdev later already",
  );
  inForce += at("later.img");
  agentFails = false;
  await vi.waitUntil(() => !inForce.includes("later.img"));
  await pass("blockdev-add", disk("later"));
  expect(inForce).toContain("later.img");
});

test("what is plugged in leads nowhere by way of what the machine may write", async () => {
  const share = { "node-name": "fat", driver: "vvfat", dir: at("share"), rw: true };
  await pass("blockdev-add", share);
  symlinkSync(at("secret"), at("share/planted"));
  symlinkSync(at("share/planted"), at("outside"));
  symlinkSync(at("secret"), at("pid"));
  symlinkSync(folder, at("share/way"));
  for (const name of ["share/planted", "outside", "pid", "share/way/secret"])
    await expect(pass("blockdev-add", disk("later", name))).rejects.toThrow(
      /the machine (may write|could have made)/,
    );
  await pass("blockdev-del", { "node-name": "fat" });
  writeFileSync(at("share/disk.img"), "x");
  await pass("blockdev-add", disk("later", "share/disk.img"));
  await expect(pass("blockdev-add", share)).rejects.toThrow(/the machine may write/);
  expect(inForce).not.toContain(at("secret"));
});

test.each([
  ["socket", { addr: { type: "unix", data: { path: "s.sock" } } }, "listen unix", "s.sock"],
  [
    "socket",
    { addr: { type: "unix", data: { path: "s.sock" } }, server: false },
    "connect unix",
    "s.sock",
  ],
  [
    "socket",
    { addr: { type: "inet", data: { host: "192.0.2.1", port: "7" } }, server: false },
    "connect tcp",
    ":7",
  ],
  [
    "udp",
    { remote: { type: "inet", data: { host: "192.0.2.1", port: "7" } } },
    "connect udp",
    ":7",
  ],
  ["file", { out: "out.log", append: true }, "wc", "out.log"],
  ["serial", { device: "/dev/ttyS9" }, "rwi", "/dev/ttyS9"],
])("a device of characters gets what it names, %s %j", async (type, data, how, name) => {
  const before = inForce;
  await pass("chardev-add", { id: "c", backend: { type, data } });
  const more = inForce.split("\n").filter((line) => !before.includes(line));
  expect(more.join()).toContain(how);
  expect(more.join()).toContain(name);
  await pass("chardev-remove", { id: "c" });
  expect(inForce).toBe(before);
});

test.each([
  ["pty", {}, /a `pty` device of characters is not allowed/],
  ["socket", { addr: { type: "fd", data: { str: "3" } } }, /`fd=` is not allowed/],
  ["socket", { addr: { type: "vsock", data: { cid: "2", port: "7" } } }, /`vsock=` is not allowed/],
  ["file", { in: "/etc/shadow", out: "o" }, /`input-path=` is not allowed/],
])(
  "a device of characters that no rule can describe is refused, %s %j",
  async (type, data, why) => {
    await expect(pass("chardev-add", { id: "c", backend: { type, data } })).rejects.toThrow(why);
  },
);

test("a refresh and what is plugged in meanwhile do not undo each other", async () => {
  unlinkSync(at("link.log"));
  symlinkSync(at("new.log"), at("link.log"));
  await Promise.all([refresh(), pass("blockdev-add", disk("later"))]);
  expect(inForce).toContain("new.log");
  expect(inForce).toContain("later.img");
  agentFails = true;
  const failing = expect(refresh()).rejects.toThrow("no room");
  await vi.waitUntil(() => asked === "failing", { interval: 1 });
  agentFails = false;
  await Promise.all([failing, pass("blockdev-add", disk("base"))]);
  expect(inForce).toContain("base.img");
});

test("a refresh follows no link that lies where the machine may make one", async () => {
  symlinkSync(at("secret"), at("pid"));
  await expect(refresh()).rejects.toThrow(/a link that the machine could have made/);
  expect(inForce).not.toContain(at("secret"));
});
